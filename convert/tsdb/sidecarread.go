package tsdb

import (
	"strings"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/pcparchive/pcparchive/convert"
)

// book is what is known of metrics beyond what their series say.
type book struct {
	families map[string]*convert.Family // by the name of samples
}

// series returns a series with what is known of it.
func (b *book) series(lset labels.Labels, id int) *convert.PromSeries {
	s := promSeries(lset, id)
	if f, ok := b.families[s.Name]; ok {
		s.Family = f
		s.Sem = convert.SemanticsOf(s.Name, *f)
	} else {
		s.Sem = convert.SemanticsOf(s.Name, convert.Family{Name: s.Name})
	}
	return s
}

// learn notes what the log of a server says of a sample's name, unless more is
// known already.
func (b *book) learn(sample, typ, unit, help string) {
	if _, known := b.families[sample]; known {
		return
	}
	if b.families == nil {
		b.families = map[string]*convert.Family{}
	}
	b.families[sample] = &convert.Family{Name: familyName(sample, typ), Type: typ, Unit: unit, Help: help}
}

// familyName returns the name of the family that a sample of a type is of. The
// log of a server does not have it.
func familyName(sample, typ string) string {
	var suffixes []string
	switch typ {
	case convert.TypeHistogram:
		suffixes = []string{"_bucket", "_sum", "_count", "_created"}
	case convert.TypeGaugeHistogram:
		suffixes = []string{"_bucket", "_gsum", "_gcount"}
	case convert.TypeSummary:
		suffixes = []string{"_sum", "_count", "_created"}
	}
	for _, suffix := range suffixes {
		if base, ok := strings.CutSuffix(sample, suffix); ok && base != "" {
			return base
		}
	}
	return sample
}
