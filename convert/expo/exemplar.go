package expo

import (
	"strings"
	"unicode/utf8"

	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/pcparchive/pcparchive/convert/prom"
)

// unescaper removes the escapes from the labels of exemplars. Prometheus' parser
// does so for labels of samples only.
var unescaper = strings.NewReplacer(`\"`, `"`, `\\`, `\`, `\n`, "\n")

// exemplarOf copies an exemplar of the parser.
func exemplarOf(x *exemplar.Exemplar) *prom.Exemplar {
	e := &prom.Exemplar{Value: x.Value, HasTime: x.HasTs}
	if x.HasTs {
		e.Time = x.Ts
	}
	x.Labels.Range(func(l labels.Label) {
		if l.Value != "" {
			e.Labels = append(e.Labels, prom.Label{
				Name: strings.Clone(unescaper.Replace(l.Name)), Value: strings.Clone(unescaper.Replace(l.Value)),
			})
		}
	})
	return e
}

// maxExemplarLabels is the maximum number of characters in the labels of an exemplar
// in OpenMetrics.
const maxExemplarLabels = 128

// exemplar writes the exemplar of a sample, or counts it if the format cannot hold
// it. Only OpenMetrics has exemplars, for counters and for buckets of histograms.
func (p *printer) exemplar(part *part, s *placedSample) {
	e := s.Exemplar
	size := 0
	for _, l := range e.Labels {
		size += utf8.RuneCountInString(l.Name) + utf8.RuneCountInString(l.Value)
	}
	suffix := s.role.suffix
	if p.opts.Format != OpenMetrics || !part.suffixed || suffix != "_total" && suffix != "_bucket" ||
		size > maxExemplarLabels || e.HasTime && e.Time < 0 {
		p.opts.Report.Add(prom.LossExemplar, s.Name)
		return
	}
	p.buf = append(p.buf, " # {"...)
	for i, l := range e.Labels {
		if i > 0 {
			p.buf = append(p.buf, ',')
		}
		p.buf = appendLabelName(p.buf, l.Name)
		p.buf = appendQuoted(append(p.buf, '='), l.Value)
	}
	p.buf = appendFloat(append(p.buf, "} "...), p.opts.Format, e.Value)
	if e.HasTime {
		p.buf = appendTime(append(p.buf, ' '), p.opts.Format, e.Time)
	}
}
