package main

import (
	"fmt"
	"strings"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// agentStart is when what writeAgent records begins.
const agentStart = 1767225600

// agentMetric is a metric that writeAgent records.
type agentMetric struct {
	name    string
	pmid    pcp.PMID
	indom   pcp.InDomID
	sem     pcp.Semantics
	levels  [5][]labelset.Label
	inst    []meta.Instance
	own     [][]labelset.Label
	names   []string // further ones
	skipped int      // instances at the end that the domain does not have
}

// agentMetrics are metrics of a host beside those that PCP's openmetrics agent has
// of endpoints, as it names and labels them.
func agentMetrics(host string) []agentMetric {
	text := labelset.String
	context := []labelset.Label{text("hostname", host), text("machineid", "m-"+host)}
	linux := [5][]labelset.Label{context, {text("agent", "linux")}}
	agent := func(source string, labels ...labelset.Label) [5][]labelset.Label {
		return [5][]labelset.Label{context, {text("agent", "openmetrics")}, nil, append(labels, text("source", source), text("url", "http://"+source))}
	}
	web := agent("web", text("hostname", "endpoint-of-web"))
	null := pcp.InDomNull
	return []agentMetric{
		{name: "kernel.all.load", pmid: pcp.NewPMID(60, 2, 0), indom: pcp.NewInDomID(60, 2), sem: pcp.SemInstant, levels: linux,
			names: []string{"load.second", "load.third"},
			inst:  []meta.Instance{{ID: 1, Name: "1 minute"}, {ID: 5, Name: "5 minute"}}},
		{name: "kernel.all.pswitch", pmid: pcp.NewPMID(60, 0, 7), indom: null, sem: pcp.SemCounter, levels: linux},
		{name: "proc.nameless", pmid: pcp.NewPMID(60, 8, 1), indom: pcp.NewInDomID(60, 9), sem: pcp.SemCounter, levels: linux,
			inst: []meta.Instance{{ID: 3, Name: "init"}, {ID: 4}, {ID: 7}}, skipped: 2},
		{name: "openmetrics.web.requests", pmid: pcp.NewPMID(144, 1, 0), indom: pcp.NewInDomID(144, 5120), sem: pcp.SemCounter, levels: web,
			inst: []meta.Instance{{ID: 0, Name: "0 code:200"}, {ID: 1, Name: "1 code:500"}},
			own:  [][]labelset.Label{{text("code", "200")}, {text("code", "500")}}},
		{name: "openmetrics.web.up", pmid: pcp.NewPMID(144, 1, 1), indom: null, sem: pcp.SemInstant, levels: web},
		{name: "openmetrics.db.pool.size", pmid: pcp.NewPMID(144, 3, 2), indom: null, sem: pcp.SemInstant, levels: agent("db")},
		{name: "openmetrics.control.calls", pmid: pcp.NewPMID(144, 0, 2), indom: pcp.NewInDomID(144, 0), sem: pcp.SemCounter,
			levels: [5][]labelset.Label{context, {text("agent", "openmetrics")}}, inst: []meta.Instance{{ID: 1, Name: "web"}, {ID: 3, Name: "db"}}},
	}
}

// hostileMetrics are metrics of which names, labels and instances are as odd as an
// archive may have them.
func hostileMetrics(host string) []agentMetric {
	text := labelset.String
	label := func(name, json string) labelset.Label { return labelset.Label{Name: name, Value: json} }
	context := []labelset.Label{text("hostname", host), text("1st", "a"), text("_st", "b")}
	plain := [5][]labelset.Label{context}
	odd := [5][]labelset.Label{context, nil, nil, {text("job", "j"), text("instance", "i:1")}, {
		label("object", `{"a":1,"b":[2]}`), label("number", "1.50"), label("truth", "true"), label("none", "null"),
		text("a.b", "1"), text("a_b", "2"), text("instname", "label"), text("empty", ""), text("quote", "a\"b\\c\nd"),
	}}
	named := func(names ...string) (all []meta.Instance) {
		for i, name := range names {
			all = append(all, meta.Instance{ID: pcp.InstID(i), Name: name})
		}
		return all
	}
	null := pcp.InDomNull
	return []agentMetric{
		{name: "a.b_c", pmid: pcp.NewPMID(60, 1, 1), indom: null, levels: plain, sem: pcp.SemCounter},
		{name: "a_b.c", pmid: pcp.NewPMID(60, 1, 2), indom: null, levels: plain, sem: pcp.SemInstant},
		{name: "old.number", pmid: pcp.NewPMID(60, 1, 8), indom: null, levels: plain, sem: pcp.SemInstant, inst: []meta.Instance{{ID: 0}}},
		{name: "x.total", pmid: pcp.NewPMID(60, 1, 3), indom: null, levels: plain, sem: pcp.SemCounter},
		{name: "x_total", pmid: pcp.NewPMID(60, 1, 4), indom: null, levels: plain, sem: pcp.SemCounter},
		{name: "z.odd", pmid: pcp.NewPMID(60, 1, 5), indom: null, levels: odd, sem: pcp.SemCounter},
		{name: "y.bucket", pmid: pcp.NewPMID(60, 1, 6), indom: pcp.NewInDomID(60, 1), levels: odd, sem: pcp.SemInstant,
			inst: named("plain", "\xff one", "\xfe two", "two\xff\xfe", "two\xff", "quote\" back\\slash {}=,", " blanks ", strings.Repeat("long", 60), "é😀")},
		{name: "y.created", pmid: pcp.NewPMID(60, 1, 7), indom: pcp.NewInDomID(60, 2), levels: plain, sem: pcp.SemDiscrete,
			inst: named("same", "same", "other"), own: [][]labelset.Label{{text("k", "1")}, {text("k", "2")}, {text("1st", "c")}}},
		{name: "openmetrics.web.requests", pmid: pcp.NewPMID(144, 1, 0), indom: pcp.NewInDomID(144, 5120), levels: plain, sem: pcp.SemCounter,
			inst: named("0 instance:one:1", "1 instance:two:1"), own: [][]labelset.Label{{text("instance", "one:1")}, {text("instance", "two:1")}}},
	}
}

// writeAgent writes an archive of agentMetrics.
func writeAgent(base, host string) error { return writeMetrics(base, host, agentMetrics(host)) }

// writeMetrics writes an archive of metrics.
func writeMetrics(base, host string, metrics []agentMetric) error {
	a, err := archive.Create(base, archive.Header{Host: host, PID: 7, Zone: "UTC"}, &archive.WriteOptions{NoSync: true})
	if err != nil {
		return err
	}
	sink := convert.NewToArchive(a)
	var values []history.MetricValues
	for _, m := range metrics {
		mv, err := m.values()
		if err != nil {
			return err
		}
		values = append(values, mv)
	}
	for now := range int64(4) {
		for i := range values {
			for j := range values[i].Points {
				p := &values[i].Points[j]
				p.Value = history.DoubleValue(p.Series.Inst.ID, float64(100*i+10*j)+float64(now))
			}
		}
		if err := sink.Put(&history.Step{Stamp: pcp.TimestampMilli(1000 * (agentStart + 10*now)), Metrics: values}); err != nil {
			return fmt.Errorf("step %d: %w", now, err)
		}
	}
	return sink.Close()
}

// values returns what the steps have of a metric, without values.
func (m agentMetric) values() (mv history.MetricValues, err error) {
	metric := &history.Metric{Name: m.name, OneLine: "about " + m.name, Desc: &meta.Desc{
		PMID: m.pmid, Type: pcp.TypeDouble, InDom: m.indom, Sem: m.sem, Names: append([]string{m.name}, m.names...),
	}}
	for i, labels := range m.levels {
		if metric.Labels[i], err = labelset.New(labelset.Levels[i], labels...); err != nil {
			return mv, err
		}
	}
	mv.Metric = metric
	if m.indom == pcp.InDomNull {
		id := pcp.InstNull
		if m.inst != nil { // as loggers of 1995 had it
			id = m.inst[0].ID
		}
		mv.Points = []history.Point{{Series: &history.Series{Metric: metric, Inst: meta.Instance{ID: id}}}}
		return mv, nil
	}
	stamp := pcp.TimestampMilli(1000 * agentStart)
	mv.InDom = &meta.InDom{Stamp: stamp, ID: m.indom, Instances: m.inst[:len(m.inst)-m.skipped]}
	mv.Labels = &meta.Labels{Stamp: stamp, Level: labelset.Instances, Ident: uint32(m.indom)}
	for i, inst := range m.inst {
		s := &history.Series{Metric: metric, Inst: inst}
		if i < len(m.own) {
			if s.Labels, err = labelset.New(labelset.Instances, m.own[i]...); err != nil {
				return mv, err
			}
		}
		mv.Labels.Sets = append(mv.Labels.Sets, labelset.Instance{Inst: inst.ID, Set: s.Labels})
		mv.Points = append(mv.Points, history.Point{Series: s})
	}
	return mv, nil
}
