package archtest

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/check"
	"github.com/pcparchive/pcparchive/dump"
	"github.com/pcparchive/pcparchive/pcp"
)

// observe adds the results of all readers to the vector.
func (vec *Vector) observe(t *testing.T, s *vectorSpec, v pcp.Version) {
	folder, _, _ := strings.Cut(vec.Name, "/")
	for _, name := range s.after {
		vec.Expect["after"] = folder + "/" + name
	}
	if s.last {
		vec.Expect["follows"] = "nothing"
	}
	p := vec.place(t, v)
	found, err := vec.refusal(t, p)
	require.Equal(t, !s.drops, found, vec.Name)
	switch {
	case s.drops:
		vec.Expect["reader"] = "drops"
	case s.err == nil:
		require.NoError(t, err, vec.Name)
		vec.Expect["writer"] = cmp.Or(s.writer, "same bytes")
		if s.warns != nil {
			vec.Expect["reader"], vec.Expect["error"] = "warns", causeName(s.warns)
		}
	default:
		require.ErrorIs(t, err, s.err, vec.Name)
		vec.Expect["reader"], vec.Expect["reference"] = "refuses", "refuses"
		if s.all {
			vec.Expect["reader"] = "refuses all"
		}
		vec.Expect["error"] = causeName(s.err)
		if s.frames != nil {
			vec.Expect["frames"] = causeName(s.frames)
		}
		vec.Expect["message"] = p.relative(err.Error())
		vec.located(t, err, p)
	}
	if s.noStep {
		vec.Expect["steps"] = "nothing"
	}
	if s.reference != "" {
		vec.Expect["reference"] = s.reference
	}
	vec.Expect["check"] = p.check()
	vec.JSON = vec.dump(t, p)
}

// located requires that the error's offset is the start of a field or the end
// of the file.
func (vec *Vector) located(t *testing.T, err error, p placed) {
	var fe *pcp.FormatError
	if !errors.As(err, &fe) {
		return // two records contradict each other
	}
	at := fe.Offset
	if !vec.isArray() {
		at -= p.begin
	}
	assert.Contains(t, vec.starts, at, "%s: %v", vec.Name, err)
}

// causeName returns the name of an error in vectors.
func causeName(err error) string {
	for name, cause := range causes {
		if errors.Is(err, cause) {
			return name
		}
	}
	return ""
}

// refusal returns the error that a reader of records or of event arrays reports
// at the vector. found reports whether it yields a record or an error there.
func (vec *Vector) refusal(t *testing.T, p placed) (found bool, err error) {
	r, err := archive.Open(p.base, nil)
	if err != nil {
		return true, formatError(err)
	}
	if vec.isLabel() {
		for _, err := range r.Warnings() {
			return true, formatError(err)
		}
		return true, nil
	}
	for rec, err := range r.Records(p.role) {
		switch {
		case rec.Pos.Offset < p.begin || rec.Pos.Offset >= p.end:
			require.NoError(t, err, "%s: damage elsewhere", vec.Name)
			continue
		case err != nil:
			return true, formatError(err)
		case !vec.isArray():
			return true, nil
		}
		_, err = rec.Record.(*archive.Result).Sets[0].Values[0].Events()
		return true, err
	}
	return false, nil
}

// labelBytes returns the bytes of an archive label.
func labelBytes(t *testing.T, v pcp.Version, h *archive.Header) []byte {
	base := filepath.Join(t.TempDir(), "label")
	w, err := archive.CreateRecords(base, v, &archive.WriteOptions{NoSync: true})
	require.NoError(t, err)
	_, err = w.Write(h)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	raw, err := os.ReadFile(base + suffixes[archive.RoleData])
	require.NoError(t, err)
	return raw
}

// formatError returns the FormatError in err, without the extent of the damage.
func formatError(err error) error {
	var fe *pcp.FormatError
	if errors.As(err, &fe) {
		return fe
	}
	return err
}

var place = regexp.MustCompile(`(vector\.\w+: offset )(\d+)`)

// relative makes offsets relative to the vector's first byte and removes the
// folder.
func (p placed) relative(text string) string {
	text = strings.ReplaceAll(text, filepath.Dir(p.base)+string(filepath.Separator), "")
	return place.ReplaceAllStringFunc(text, func(s string) string {
		parts := place.FindStringSubmatch(s)
		n, err := strconv.ParseInt(parts[2], 10, 64)
		if err != nil || !strings.HasPrefix(s, "vector"+suffixes[p.role]+":") {
			return s
		}
		return parts[1] + strconv.FormatInt(n-p.begin, 10)
	})
}

var onward = regexp.MustCompile(`reading goes on at offset (\d+)`)

// check returns the codes of all findings without duplicates.
func (p placed) check() string {
	codes := map[string]bool{}
	for f := range check.Archive(context.Background(), p.base, nil) {
		if f.Code != check.CoverageOnce && f.Code != check.CoverageNever { // every archive this small has these findings
			codes[string(f.Code)] = true
		}
		for _, c := range f.Follows {
			codes[string(c.Code)] = true
		}
	}
	if len(codes) == 0 {
		return "nothing"
	}
	return strings.Join(slices.Sorted(maps.Keys(codes)), ", ")
}

// dump returns the objects of the vector in a dump.
func (vec *Vector) dump(t *testing.T, p placed) string {
	r, err := archive.Open(p.base, nil)
	if err != nil {
		require.Equal(t, "refuses all", vec.Expect["reader"], "%v", err)
		return ""
	}
	var all bytes.Buffer
	_ = dump.JSON(&all, r, &dump.Options{}, true) // a dump contains damage as an object
	var out strings.Builder
	for line := range strings.Lines(all.String()) {
		var head struct {
			File    string
			Offset  int64
			Metrics []struct{ Values []json.RawMessage }
		}
		require.NoError(t, json.Unmarshal([]byte(line), &head))
		if head.File != p.base+suffixes[p.role] || head.Offset < p.begin || head.Offset >= p.end {
			continue
		}
		if vec.isArray() { // omit the record that contains the array
			out.Write(append(head.Metrics[0].Values[0], '\n'))
			continue
		}
		line = strings.Replace(line, fmt.Sprintf(`"offset":%d`, head.Offset), fmt.Sprintf(`"offset":%d`, head.Offset-p.begin), 1)
		line = onward.ReplaceAllStringFunc(p.relative(line), func(s string) string {
			n, err := strconv.ParseInt(onward.FindStringSubmatch(s)[1], 10, 64)
			require.NoError(t, err)
			return fmt.Sprintf("reading goes on at offset %d", n-p.begin)
		})
		out.WriteString(line)
	}
	return out.String()
}
