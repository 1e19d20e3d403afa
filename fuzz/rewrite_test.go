package fuzz

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/rewrite"
)

// FuzzRewrite copies arbitrary archives. A copy must hold all readable records,
// and a copy of the copy must be identical to it.
func FuzzRewrite(f *testing.F) {
	f.Fuzz(func(t *testing.T, metaFile, index, data []byte) {
		dir := t.TempDir()
		base := filepath.Join(dir, "a")
		for suffix, content := range map[string][]byte{".meta": metaFile, ".index": index, ".0": data} {
			require.NoError(t, os.WriteFile(base+suffix, content, 0o644))
		}
		r, err := archive.Open(base, &archive.ReadOptions{MaxRecord: maxRecord})
		if err != nil {
			return // FuzzArchive covers this input
		}
		one, err := copied(t, r, filepath.Join(dir, "one"), rewrite.Options{})
		if err == nil {
			sameRecords(t, r, one)
			two, err := copied(t, one, filepath.Join(dir, "two"), rewrite.Options{})
			require.NoError(t, err)
			sameFiles(t, one, two)
		}
		other := pcp.V2 + pcp.V3 - r.Header().Version
		converted, err := copied(t, r, filepath.Join(dir, "converted"), rewrite.Options{Version: other, Lossy: true})
		if err == nil {
			again, err := copied(t, converted, filepath.Join(dir, "again"), rewrite.Options{})
			require.NoError(t, err)
			sameFiles(t, converted, again)
		}
		_, _ = copied(t, r, filepath.Join(dir, "selected"), rewrite.Options{Metrics: []string{"*"}, Lossy: true})
	})
}

// copied copies an archive and opens the copy.
func copied(t *testing.T, r *archive.Reader, out string, o rewrite.Options) (*archive.Reader, error) {
	_, err := rewrite.Copy(context.Background(), out, []*archive.Reader{r}, o)
	if err != nil {
		_, _, missing := archive.Members(out)
		require.ErrorIs(t, missing, os.ErrNotExist, "a copy that fails leaves nothing")
		require.NotEmpty(t, err.Error())
		return nil, err
	}
	c, err := archive.Open(out, nil)
	if errors.Is(err, archive.ErrNoData) {
		return nil, err // no record exists or is readable
	}
	require.NoError(t, err)
	return c, nil
}

func sameRecords(t *testing.T, from, to *archive.Reader) {
	for _, role := range []archive.Role{archive.RoleMeta, archive.RoleData} {
		want, damaged := records(from, role)
		got, _ := records(to, role)
		if damaged { // a copy has marks in place of damage
			want, got = withoutMarks(want), withoutMarks(got)
		}
		require.Equal(t, want, got, role)
	}
}

// records formats all readable records and reports whether others are damaged.
func records(r *archive.Reader, role archive.Role) (all []string, damaged bool) {
	for rec, err := range r.Records(role) {
		if err != nil {
			damaged = true
			continue
		}
		all = append(all, recordText(rec.Record))
	}
	return all, damaged
}

func withoutMarks(records []string) []string {
	return slices.DeleteFunc(records, func(text string) bool { return strings.HasPrefix(text, "mark ") })
}

func sameFiles(t *testing.T, a, b *archive.Reader) {
	require.Len(t, b.Members(), len(a.Members()))
	for i, m := range a.Members() {
		one, err := os.ReadFile(m.Path)
		require.NoError(t, err)
		two, err := os.ReadFile(b.Members()[i].Path)
		require.NoError(t, err)
		require.Equal(t, one, two, m.Path)
	}
}

// refusal reports whether err says that a version cannot store a record.
func refusal(err error) bool {
	return errors.Is(err, pcp.ErrRange) || errors.Is(err, pcp.ErrLimit) || errors.Is(err, pcp.ErrTag)
}

// recordText formats all fields of a record.
func recordText(r archive.Record) string {
	switch r := r.(type) {
	case *archive.Result:
		if len(r.Sets) == 0 {
			return fmt.Sprint("mark ", r.Stamp)
		}
		return fmt.Sprintf("result %v %+v", r.Stamp, r.Sets)
	case *archive.Mark:
		return fmt.Sprint("mark ", r.Stamp)
	case *meta.Labels:
		var text strings.Builder
		fmt.Fprintf(&text, "labels %v %d %d", r.Stamp, r.Level, r.Ident)
		for _, s := range r.Sets {
			fmt.Fprintf(&text, " %x", s.AppendBinary(nil))
		}
		return text.String()
	}
	return fmt.Sprintf("%T %+v", r, r)
}
