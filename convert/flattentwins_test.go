package convert_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pcparchive/pcparchive/internal/sinktest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// spelled is a Samples that writes labels, time and value of each sample.
type spelled struct{ lines []string }

func (s *spelled) Sample(p *convert.PromSeries, t int64, v float64) error {
	var b strings.Builder
	for _, l := range p.Labels {
		fmt.Fprintf(&b, "%s=%s ", l.Name, l.Value)
	}
	if convert.IsStale(v) {
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
	m := &archive.Metric{Name: "m", Desc: d}
	series := map[pcp.InstID]*archive.Series{}
	for id := range pcp.InstID(3) {
		series[id] = &archive.Series{Metric: m, Inst: meta.Instance{ID: id, Name: "sda"}}
	}
	got := &spelled{}
	f := convert.NewFlattener(sinktest.Sink(got), convert.FlattenOptions{})
	for now, ids := range [][]pcp.InstID{{1}, {1, 2}, {2}} {
		mv := archive.MetricValues{Metric: m, InDom: &meta.InDom{ID: d.InDom}}
		for _, id := range ids {
			mv.InDom.Instances = append(mv.InDom.Instances, series[id].Inst)
			mv.Points = append(mv.Points, archive.Point{Series: series[id], Value: archive.WordValue(id, uint32(id))})
		}
		require.NoError(t, f.Put(&archive.Step{Stamp: pcp.TimestampMilli(int64(now)), Metrics: []archive.MetricValues{mv}}))
	}
	assert.Equal(t, []string{"instname=sda 0 1"}, got.lines[:1])
	assert.ElementsMatch(t, []string{"instid=1 instname=sda 1 1", "instid=2 instname=sda 1 2", "instname=sda 1 ends"}, got.lines[1:4])
	assert.ElementsMatch(t, []string{"instname=sda 2 2", "instid=1 instname=sda 2 ends", "instid=2 instname=sda 2 ends"}, got.lines[4:])
}

// A metric without instances that has no value has ended; one with instances may
// have values in other records.
func TestRecordsWithoutValues(t *testing.T) {
	single := &archive.Metric{Name: "s", Desc: &meta.Desc{PMID: pcp.NewPMID(60, 1, 1), InDom: pcp.InDomNull, Type: pcp.TypeU32, Names: []string{"s"}}}
	many := &archive.Metric{Name: "m", Desc: &meta.Desc{PMID: pcp.NewPMID(60, 1, 2), InDom: pcp.NewInDomID(60, 1), Type: pcp.TypeU32, Names: []string{"m"}}}
	in := &meta.InDom{ID: many.Desc.InDom, Instances: []meta.Instance{{ID: 1, Name: "a"}, {ID: 2, Name: "b"}}}
	one, a, b := &archive.Series{Metric: single, Inst: meta.Instance{ID: pcp.InstNull}}, &archive.Series{Metric: many, Inst: in.Instances[0]}, &archive.Series{Metric: many, Inst: in.Instances[1]}
	got := &spelled{}
	f := convert.NewFlattener(sinktest.Sink(got), convert.FlattenOptions{})
	put := func(now int64, singles, manies []archive.Point) {
		require.NoError(t, f.Put(&archive.Step{Stamp: pcp.TimestampMilli(now), Metrics: []archive.MetricValues{
			{Metric: single, Points: singles}, {Metric: many, InDom: in, Points: manies},
		}}))
	}
	put(0, []archive.Point{zero(one)}, []archive.Point{zero(a), zero(b)})
	put(1, nil, nil)
	put(2, nil, []archive.Point{zero(a)})
	assert.Equal(t, []string{"0 0", "instname=a 0 0", "instname=b 0 0", "1 ends", "instname=a 2 0", "instname=b 2 ends"}, got.lines)
}

func zero(s *archive.Series) archive.Point {
	return archive.Point{Series: s, Value: archive.WordValue(s.Inst.ID, 0)}
}
