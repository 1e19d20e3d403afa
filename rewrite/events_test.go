package rewrite_test

import (
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

// TestSelectionKeepsParameters: the metrics of event parameters are described in
// the output although they have no values of their own, and a high-resolution
// array keeps how many records were missed.
func TestSelectionKeepsParameters(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		param := &meta.Desc{PMID: pcp.NewPMID(60, 9, 2), Type: pcp.TypeU64, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{"e.param"}}
		want := []history.EventRecord{
			{Stamp: after(0), Flags: history.EventPoint, Params: []history.EventParam{{PMID: param.PMID, Value: history.NumberValue(pcp.InstNull, pcp.TypeU64, 7)}}},
			{Stamp: after(0), Flags: history.EventMissed, Missed: 3},
		}
		for _, typ := range []pcp.Type{pcp.TypeEvent, pcp.TypeHighResEvent} {
			events := &meta.Desc{PMID: pcp.NewPMID(60, 9, 1), Type: typ, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{"e.records"}}
			value, err := history.EventValue(pcp.InstNull, typ, want)
			require.NoError(t, err)
			base := t.TempDir() + "/events"
			a, err := archive.Create(base, archtest.Header, &archive.WriteOptions{Version: v})
			require.NoError(t, err)
			for _, d := range []*meta.Desc{param, archtest.Count, events} {
				require.NoError(t, a.Define(d))
			}
			require.NoError(t, a.Append(&archive.Result{Stamp: after(0), Sets: []archive.ValueSet{
				{PMID: events.PMID, Format: archive.Static, Values: []history.Value{value}},
			}}))
			require.NoError(t, a.Close())

			out, _ := copyOf(t, rewrite.Options{Metrics: []string{"e.records"}}, base)
			r := open(t, out)[0]
			_, ok := r.Meta().Desc(param.PMID)
			assert.True(t, ok)
			_, ok = r.Meta().Desc(archtest.Count.PMID)
			assert.False(t, ok)
			for step, err := range r.Steps(history.Query{}) {
				require.NoError(t, err)
				got, err := step.Metrics[0].Points[0].Value.Events()
				require.NoError(t, err)
				assert.Equal(t, want, got)
			}
		}
	})
}
