package flatten_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/sinktest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// spelled is a Samples that writes labels, time and value of each sample.
type spelled struct{ lines []string }

func (s *spelled) Sample(p *prom.Series, t int64, v float64) error {
	var b strings.Builder
	for _, l := range p.Labels {
		fmt.Fprintf(&b, "%s=%s ", l.Name, l.Value)
	}
	if prom.IsStale(v) {
		s.lines = append(s.lines, fmt.Sprintf("%s%d ends", b.String(), t))
		return nil
	}
	s.lines = append(s.lines, fmt.Sprintf("%s%d %g", b.String(), t, v))
	return nil
}

// Instances that come to share a name, or no longer do, are called otherwise from
// then on, also those that were there before.
func TestNamesComeToBeShared(t *testing.T) {
	d := &meta.Desc{PMID: pcp.NewPMID(60, 1, 1), InDom: pcp.NewInDomID(60, 1), Type: pcp.TypeU32, Names: []string{"m"}}
	m := &history.Metric{Name: "m", Desc: d}
	series := map[pcp.InstID]*history.Series{}
	for id := range pcp.InstID(3) {
		series[id] = &history.Series{Metric: m, Inst: meta.Instance{ID: id, Name: "sda"}}
	}
	got := &spelled{}
	f := flatten.New(sinktest.Sink(got), flatten.Options{})
	for now, ids := range [][]pcp.InstID{{1}, {1, 2}, {2}} {
		mv := history.MetricValues{Metric: m, InDom: &meta.InDom{ID: d.InDom}}
		for _, id := range ids {
			mv.InDom.Instances = append(mv.InDom.Instances, series[id].Inst)
			mv.Points = append(mv.Points, history.Point{Series: series[id], Value: history.WordValue(id, uint32(id))})
		}
		require.NoError(t, f.Put(&history.Step{Stamp: pcp.TimestampMilli(int64(now)), Metrics: []history.MetricValues{mv}}))
	}
	assert.Equal(t, []string{"instname=sda 0 1"}, got.lines[:1])
	assert.ElementsMatch(t, []string{"instid=1 instname=sda 1 1", "instid=2 instname=sda 1 2", "instname=sda 1 ends"}, got.lines[1:4])
	assert.ElementsMatch(t, []string{"instname=sda 2 2", "instid=1 instname=sda 2 ends", "instid=2 instname=sda 2 ends"}, got.lines[4:])
}

// A metric without instances that has no value has ended; one with instances may
// have values in other records.
func TestRecordsWithoutValues(t *testing.T) {
	single := &history.Metric{Name: "s", Desc: &meta.Desc{PMID: pcp.NewPMID(60, 1, 1), InDom: pcp.InDomNull, Type: pcp.TypeU32, Names: []string{"s"}}}
	many := &history.Metric{Name: "m", Desc: &meta.Desc{PMID: pcp.NewPMID(60, 1, 2), InDom: pcp.NewInDomID(60, 1), Type: pcp.TypeU32, Names: []string{"m"}}}
	in := &meta.InDom{ID: many.Desc.InDom, Instances: []meta.Instance{{ID: 1, Name: "a"}, {ID: 2, Name: "b"}}}
	one, a, b := &history.Series{Metric: single, Inst: meta.Instance{ID: pcp.InstNull}}, &history.Series{Metric: many, Inst: in.Instances[0]}, &history.Series{Metric: many, Inst: in.Instances[1]}
	got := &spelled{}
	f := flatten.New(sinktest.Sink(got), flatten.Options{})
	put := func(now int64, singles, manies []history.Point) {
		require.NoError(t, f.Put(&history.Step{Stamp: pcp.TimestampMilli(now), Metrics: []history.MetricValues{
			{Metric: single, Points: singles}, {Metric: many, InDom: in, Points: manies},
		}}))
	}
	put(0, []history.Point{zero(one)}, []history.Point{zero(a), zero(b)})
	put(1, nil, nil)
	put(2, nil, []history.Point{zero(a)})
	assert.Equal(t, []string{"0 0", "instname=a 0 0", "instname=b 0 0", "1 ends", "instname=a 2 0", "instname=b 2 ends"}, got.lines)
}

func zero(s *history.Series) history.Point {
	return history.Point{Series: s, Value: history.WordValue(s.Inst.ID, 0)}
}
