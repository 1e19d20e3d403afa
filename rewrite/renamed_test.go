package rewrite_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/rewrite"
)

// writeNamed writes an archive whose metrics, numbered in their order, have the
// names given, with commas between those of one.
func writeNamed(t *testing.T, base string, sec int64, metrics string) {
	t.Helper()
	a, err := archive.Create(base, archtest.Header, nil)
	require.NoError(t, err)
	res := archive.Result{Stamp: pcp.Timestamp{Sec: sec}}
	for i, names := range strings.Fields(metrics) {
		d := *archtest.Count
		d.PMID, d.Names = pcp.NewPMID(60, 77, uint32(i)), strings.Split(names, ",")
		require.NoError(t, a.Define(&d))
		res.Sets = append(res.Sets, archive.ValueSet{PMID: d.PMID, Values: []history.Value{history.WordValue(pcp.InstNull, 1)}})
	}
	require.NoError(t, a.Append(&res))
	require.NoError(t, a.Close())
}

// TestRenamedMetrics merges archives in which metrics have other names than in
// the one before: what the reference refuses is refused, and where that is
// allowed every name is found.
func TestRenamedMetrics(t *testing.T) {
	for _, tt := range []struct{ first, second, changed, merged string }{
		{"x.a", "x.b", "x.a to x.b", "x.a,x.b"},
		{"x.a", "x.a,x.b", "x.a to x.a, x.b", "x.a,x.b"},
		{"x.a,x.b", "x.b", "x.a, x.b to x.b", "x.a,x.b"},
		{"x.a,x.b", "x.b,x.c", "x.a, x.b to x.b, x.c", "x.a,x.b,x.c"},
		{"x.a x.b", "x.c x.b", "x.a to x.c", "x.a,x.c x.b"},
		{"x.a,x.b", "x.b,x.a", "", "x.a,x.b"},
		{"x.a x.b", "x.a x.b x.c", "", "x.a x.b x.c"},
	} {
		t.Run(tt.first+" then "+tt.second, func(t *testing.T) {
			dir := t.TempDir()
			in := []string{filepath.Join(dir, "a"), filepath.Join(dir, "b")}
			writeNamed(t, in[0], 1700000000, tt.first)
			writeNamed(t, in[1], 1700000100, tt.second)
			cmd := oracle.Command(t, "pmlogextract", "a", "b", "reference") // commas in paths separate them
			cmd.Dir = dir
			said, err := cmd.CombinedOutput()
			assert.Equal(t, tt.changed == "", err == nil, "%s", said)
			assert.Contains(t, string(said), tt.changed)

			out := filepath.Join(dir, "out")
			_, err = rewrite.Copy(t.Context(), out, open(t, in...), rewrite.Options{})
			report := &rewrite.Report{}
			if tt.changed != "" {
				require.ErrorIs(t, err, pcp.ErrMismatch)
				require.ErrorIs(t, err, rewrite.ErrLoss)
				assert.ErrorContains(t, err, "name changed from "+tt.changed)
				report, err = rewrite.Copy(t.Context(), out, open(t, in...), rewrite.Options{Lossy: true})
				require.NoError(t, err)
				require.Len(t, report.Losses, 1)
				assert.Equal(t, rewrite.LossRename, report.Losses[0].Loss)
				assert.Contains(t, report.Losses[0].First, tt.changed)
			}
			require.NoError(t, err)
			r := open(t, out)[0]
			for i, names := range strings.Fields(tt.merged) {
				d, ok := r.Meta().Desc(pcp.NewPMID(60, 77, uint32(i)))
				require.True(t, ok)
				assert.True(t, d.SameNames(&meta.Desc{Names: strings.Split(names, ",")}), d.Names)
				for _, name := range d.Names {
					found, _ := r.Meta().Lookup(name)
					assert.Same(t, d, found)
				}
			}
		})
	}
}
