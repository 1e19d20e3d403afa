package main

import (
	"math"

	"github.com/pcparchive/pcparchive/diff"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/summary"
)

// diffOutput is what diff prints as JSON. Its form is an interface.
type diffOutput struct {
	A           diffSide          `json:"a"`
	B           diffSide          `json:"b"`
	OnlyA       []string          `json:"only_a"`
	OnlyB       []string          `json:"only_b"`
	Redescribed []diffDescs       `json:"redescribed"`
	MissingA    []diffSeries      `json:"missing_a"`
	MissingB    []diffSeries      `json:"missing_b"`
	Labels      []diffLabelChange `json:"labels"`
	Changes     []diffChange      `json:"changes"`
	Same        int               `json:"same"`
}

type diffSide struct {
	Host    string `json:"host"`
	Start   string `json:"start"`
	End     string `json:"end"`
	Records int    `json:"records"`
}

type diffDescs struct {
	Metric string   `json:"metric"`
	A      diffDesc `json:"a"`
	B      diffDesc `json:"b"`
}

type diffDesc struct {
	PMID      string `json:"pmid"`
	Type      string `json:"type"`
	Semantics string `json:"semantics"`
	Units     string `json:"units"`
	InDom     string `json:"indom"`
}

type diffSeries struct {
	Metric   string `json:"metric"`
	Instance string `json:"instance,omitempty"`
	Target   string `json:"target,omitempty"`
}

// diffLabelChange is a label that differs; a or b is absent where there is none.
type diffLabelChange struct {
	Name   string    `json:"name"`
	A      jsonValue `json:"a,omitempty"`
	B      jsonValue `json:"b,omitempty"`
	Series int       `json:"series"`
}

// diffChange is an average that changed. The ratio is absent if a is zero.
type diffChange struct {
	diffSeries
	Units string   `json:"units"`
	A     float64  `json:"a"`
	B     float64  `json:"b"`
	Ratio *float64 `json:"ratio,omitempty"`
}

// json returns the JSON form of the report.
func (p *diffPrinter) json() diffOutput {
	r := p.report
	out := diffOutput{
		A: p.sideJSON(0, r.A), B: p.sideJSON(1, r.B), OnlyA: append([]string{}, r.OnlyA...), OnlyB: append([]string{}, r.OnlyB...),
		Redescribed: []diffDescs{}, MissingA: seriesJSON(r.MissingA), MissingB: seriesJSON(r.MissingB),
		Labels: []diffLabelChange{}, Changes: []diffChange{}, Same: r.Same,
	}
	for _, d := range r.Redescribed {
		out.Redescribed = append(out.Redescribed, diffDescs{d.Metric, descJSON(d.A), descJSON(d.B)})
	}
	for _, l := range r.Labels {
		out.Labels = append(out.Labels, diffLabelChange{l.Name, jsonValue(l.A), jsonValue(l.B), l.Series})
	}
	for _, c := range r.Changes {
		change := diffChange{diffSeries: diffSeries(c.Series), Units: c.Units.String(), A: c.A, B: c.B}
		if ratio := c.Ratio(); !math.IsInf(ratio, 0) {
			change.Ratio = &ratio
		}
		out.Changes = append(out.Changes, change)
	}
	return out
}

// sideJSON describes a side.
func (p *diffPrinter) sideJSON(i int, s *summary.Summary) diffSide {
	zone := p.hosts[i].Location()
	return diffSide{p.hosts[i].Sets()[0].Host(), csvTime(s.From.Time(), zone), csvTime(s.To.Time(), zone), s.Records}
}

// seriesJSON returns series in their JSON form.
func seriesJSON(all []diff.Series) []diffSeries {
	out := make([]diffSeries, 0, len(all))
	for _, s := range all {
		out = append(out, diffSeries(s))
	}
	return out
}

// descJSON returns a descriptor in its JSON form.
func descJSON(d *meta.Desc) diffDesc {
	return diffDesc{d.PMID.String(), d.Type.String(), d.Sem.String(), d.Units.String(), d.InDom.String()}
}
