package rewrite_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/rewrite"
)

// TestMarkBetweenRunsOfTheDaemon: a mark comes between two archives unless the
// last record of one and the first of the other name the same run of the daemon:
// then nothing happened in between.
func TestMarkBetweenRunsOfTheDaemon(t *testing.T) {
	var descs []*meta.Desc
	for item, name := range map[uint32]string{23: "pmcd.pid", 24: "pmcd.seqnum"} {
		descs = append(descs, &meta.Desc{PMID: pcp.NewPMID(2, 0, item), Type: pcp.TypeU32, InDom: pcp.InDomNull, Sem: pcp.SemDiscrete, Names: []string{name}})
	}
	// run writes an archive of one record, which names a run of the daemon.
	run := func(t *testing.T, sec int64, ids map[uint32]uint32) string {
		base := filepath.Join(t.TempDir(), "run")
		a, err := archive.Create(base, archtest.Header, nil)
		require.NoError(t, err)
		res := &archive.Result{Stamp: after(sec)}
		for _, d := range descs {
			require.NoError(t, a.Define(d))
			if id, ok := ids[d.PMID.Item()]; ok {
				res.Sets = append(res.Sets, archive.ValueSet{PMID: d.PMID, Values: []history.Value{history.WordValue(pcp.InstNull, id)}})
			}
		}
		require.NoError(t, a.Append(res))
		require.NoError(t, a.Close())
		return base
	}
	type ids map[uint32]uint32
	for name, tt := range map[string]struct {
		first, second ids
		records       int
	}{
		"same run":       {ids{23: 100, 24: 1}, ids{23: 100, 24: 1}, 2},
		"restarted":      {ids{23: 100, 24: 1}, ids{23: 101, 24: 1}, 3},
		"connected anew": {ids{23: 100, 24: 1}, ids{23: 100, 24: 2}, 3},
		"half a name":    {ids{24: 1}, ids{24: 1}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			out, _ := copyOf(t, rewrite.Options{}, run(t, 0, tt.first), run(t, 5, tt.second))
			assert.Len(t, steps(t, out), tt.records)
		})
	}
}
