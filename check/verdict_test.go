package check_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/check"
	"github.com/pcparchive/pcparchive/finding"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// TestVerdicts: an archive has one verdict, and damage is one finding with what
// follows from it, however much that is.
func TestVerdicts(t *testing.T) {
	const metrics = 300
	names := func(i int) string { return "m.n" + string(rune('a'+i/26)) + string(rune('a'+i%26)) }
	for name, tt := range map[string]struct {
		suffix  string
		damage  func(b []byte) []byte // nil: the file is removed
		codes   []finding.Code
		follows []finding.Consequence // of the first
		state   check.State
		text    string
	}{
		"whole":       {".0", func(b []byte) []byte { return b }, nil, nil, check.Whole, ": whole"},
		"torn meta":   {".meta", func(b []byte) []byte { return b[:len(b)/2] }, []finding.Code{check.FrameTorn}, []finding.Consequence{{Code: check.MetricUnknown, Count: metrics / 3}}, check.Partly, ": readable to 2023-11-14 22:13:29 UTC, damaged in 1 place"},
		"no meta":     {".meta", nil, []finding.Code{check.FileMissing}, []finding.Consequence{{Code: check.MetricUnknown, Count: metrics}}, check.Unreadable, ": unreadable: "},
		"torn volume": {".0", func(b []byte) []byte { return b[:len(b)-100] }, []finding.Code{check.FrameTorn}, nil, check.Partly, ": readable to 2023-11-14 22:13:28 UTC, damaged in 1 place"},
	} {
		t.Run(name, func(t *testing.T) {
			base := filepath.Join(t.TempDir(), "rec")
			a, err := archive.Create(base, archtest.Header, nil)
			require.NoError(t, err)
			for sec := range int64(10) {
				res := &archive.Result{Stamp: pcp.Timestamp{Sec: 1700000000 + sec}}
				for i := range metrics {
					d := *archtest.Count
					d.PMID, d.Names = pcp.NewPMID(60, 1, uint32(i)), []string{names(i)}
					require.NoError(t, a.Define(&d))
					res.Sets = append(res.Sets, archive.ValueSet{PMID: d.PMID, Values: []history.Value{history.WordValue(pcp.InstNull, 1)}})
				}
				require.NoError(t, a.SetText(&meta.Text{Type: meta.TextPMID | meta.TextOneLine, Ident: uint32(pcp.NewPMID(60, 1, 299)), Text: "text"}))
				require.NoError(t, a.Append(res))
			}
			require.NoError(t, a.Close())
			if tt.damage == nil {
				require.NoError(t, os.Remove(base+tt.suffix))
			} else {
				b, err := os.ReadFile(base + tt.suffix)
				require.NoError(t, err)
				require.NoError(t, os.WriteFile(base+tt.suffix, tt.damage(b), 0o644))
			}

			var verdicts []check.Verdict
			var found []finding.Finding
			for f := range check.Archive(t.Context(), base, &check.Options{Min: finding.Warning, Verdict: func(v check.Verdict) { verdicts = append(verdicts, v) }}) {
				found = append(found, f)
			}
			assert.Equal(t, tt.codes, codes(found), "%v", found)
			for _, want := range tt.follows {
				i := slices.IndexFunc(found[0].Follows, func(c finding.Consequence) bool { return c.Code == want.Code })
				require.GreaterOrEqual(t, i, 0, "%v", found)
				assert.GreaterOrEqual(t, found[0].Follows[i].Count, want.Count)
				assert.Contains(t, found[0].Message, "; consequences: ")
			}
			require.Len(t, verdicts, 1)
			assert.Equal(t, tt.state, verdicts[0].State)
			assert.Contains(t, verdicts[0].String(), base+tt.text)
			assert.Equal(t, tt.state == check.Unreadable, verdicts[0].Err != nil)
		})
	}
}
