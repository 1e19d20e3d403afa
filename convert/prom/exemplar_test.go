package prom_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/internal/converttest"
	"github.com/pcparchive/pcparchive/internal/sinktest"
	"github.com/pcparchive/pcparchive/pcp"
)

// TestExemplarsThroughStages passes all stages between samples.
func TestExemplarsThroughStages(t *testing.T) {
	report, out, plain := &prom.Report{}, &converttest.Exemplified{}, &converttest.Seen{}
	s := &prom.Series{Name: "c_total", Sem: pcp.SemCounter}
	x := converttest.Exemplar("a", 1)
	x.Time, x.HasTime = -7, true
	var chain prom.SampleSink = prom.NewSorter(prom.NewRepeat(sinktest.Sink(out), 1000, report), prom.SorterOptions{Report: report})
	require.NoError(t, sinktest.Put(chain, s, 2000, 2))
	require.NoError(t, sinktest.PutExemplar(chain, s, 2000, x))
	require.NoError(t, sinktest.Put(chain, s, 1000, 1))
	require.NoError(t, sinktest.PutExemplar(chain, s, 1000, converttest.Exemplar("", math.Inf(1))))
	require.NoError(t, sinktest.Finish(chain))
	assert.Equal(t, []string{
		"1000 c_total 1", "1000 c_total [] # {[{trace }] +Inf 0 false}",
		"2000 c_total 2", "2000 c_total [] # {[{trace a}] 1 -7 true}",
	}, out.Lines)
	assert.Empty(t, report.Losses())

	sorter := prom.NewSorter(sinktest.Sink(plain, report), prom.SorterOptions{Report: report})
	require.NoError(t, sinktest.PutExemplar(sorter, s, 1, x))
	require.NoError(t, sinktest.Finish(sorter))
	require.NoError(t, sinktest.PutExemplar(prom.NewRepeat(sinktest.Sink(plain, report), 1000, report), s, 1, x))
	assert.Equal(t, []prom.LossCount{{Loss: prom.LossExemplar, Name: "c_total", Count: 2}}, report.Losses())
}

func FuzzExemplarBinary(f *testing.F) {
	x := converttest.Exemplar("a", 1)
	seed, _ := x.AppendBinary(nil)
	f.Add(seed)
	f.Add(append(seed, 1))
	f.Fuzz(func(t *testing.T, b []byte) {
		var e, again prom.Exemplar
		if e.UnmarshalBinary(b) != nil {
			return
		}
		c, err := e.AppendBinary(nil)
		require.NoError(t, err)
		require.NoError(t, again.UnmarshalBinary(c))
		again.Time = e.Time
		assert.True(t, e.Equal(&again))
	})
}
