package verify

import (
	"unicode/utf8"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/pcparchive/pcparchive/internal/safetext"
)

// labels checks the labels of a series.
func (c *contents) labels(lset labels.Labels) {
	last, any, named, n := "", false, false, 0
	lset.Range(func(l labels.Label) {
		n++
		c.pairs[l]++
		switch {
		case any && l.Name == last:
			c.add(BlockLabelTwice, "index", "series %s: label %s appears twice", lset, l.Name)
		case any && l.Name < last:
			c.add(BlockLabelOrder, "index", "series %s: label %s comes after %s", lset, l.Name, last)
		}
		last, any = l.Name, true
		if l.Name == "" || l.Value == "" {
			c.add(BlockLabelEmpty, "index", "series %s: label %q has the value %q", lset, l.Name, l.Value)
		}
		legacy := model.LegacyValidation.IsValidLabelName(l.Name)
		if l.Name == model.MetricNameLabel {
			named = true
			legacy = model.LegacyValidation.IsValidMetricName(l.Value)
		}
		switch {
		case !utf8.ValidString(l.Name) || !utf8.ValidString(l.Value):
			c.add(BlockLabelUTF8, "index", "series %s: label %q, value %q", lset, l.Name, l.Value)
		case !legacy:
			c.add(BlockLabelLegacy, "index", "series %s: label %s", lset, l.Name)
		}
		if len(l.Name) > mimirNameLength {
			c.add(BlockLimitName, "index", "series %s: a label name of %d bytes", lset, len(l.Name))
		}
		if len(l.Value) > mimirTextLength {
			c.add(BlockLimitValue, "index", "series %s: label %s has a value of %d bytes", safetext.Cut(lset.String(), 200), l.Name, len(l.Value))
		}
	})
	if !named {
		c.add(BlockLabelName, "index", "series %s has no metric name", lset)
	}
	if n > mimirLabelNames {
		c.add(BlockLimitLabels, "index", "series %s has %d labels", lset, n)
	}
}
