package mapper

import (
	"slices"

	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
)

// SourceOptions change how a Source describes its metrics and labels. The zero value
// changes nothing. The functions may be called by several goroutines.
type SourceOptions struct {
	// Labels are further labels of the source's clusters. They replace those that the
	// Source makes itself, such as url. One without a value only removes a label.
	Labels []labelset.Label
	// Describe may be nil. It changes the descriptor of a new metric with the given name
	// of its samples before the metric gets its number: type, semantics and units.
	Describe func(sample string, d *meta.Desc)
	// Singular may be nil. It reports whether a metric has no instances, whatever labels
	// its samples have.
	Singular func(sample string) bool
	// Leaf may be nil. It returns the last components of the name of a metric; "" leaves
	// the choice to the Source.
	Leaf func(sample string) string
	// Drop may be nil. It reports whether a label is not recorded.
	Drop func(label string) bool
	// Optional may be nil. It reports whether a label is recorded with the optional flag
	// and neither identifies nor names an instance.
	Optional func(label string) bool
	// InstanceName may be nil. It returns the name of an instance; "" leaves the choice to
	// the Source. labels are those that identify the instance.
	InstanceName func(sample string, labels []prom.Label) string
	// NoHTTP says that scrapes do not use HTTP. Their status code is 0.
	NoHTTP bool
	// LastWins says that the last of several values of a series in one step counts.
	LastWins bool
}

// split returns the labels of a sample that identify its instance, and the optional ones.
func (o *SourceOptions) split(labels []prom.Label) (own, optional []prom.Label) {
	if o.Drop == nil && o.Optional == nil {
		return labels, nil
	}
	for _, l := range labels {
		switch {
		case o.Drop != nil && o.Drop(l.Name):
		case o.Optional != nil && o.Optional(l.Name):
			optional = append(optional, l)
		default:
			own = append(own, l)
		}
	}
	return own, optional
}

// labelSet makes the label set of a level from plain and optional labels.
func labelSet(level labelset.Level, plain, optional []prom.Label) (labelset.Set, error) {
	all := make([]labelset.Label, 0, len(plain)+len(optional))
	for _, l := range plain {
		all = append(all, labelset.String(naming.LabelName(l.Name), l.Value))
	}
	for _, l := range optional {
		label := labelset.String(naming.LabelName(l.Name), l.Value)
		label.Flags = labelset.Optional
		all = append(all, label)
	}
	return labelset.New(level, all...)
}

// replaced returns labels with those of others in place of labels of the same name. A label
// of others without a value removes one.
func replaced(labels, others []labelset.Label) []labelset.Label {
	for _, other := range others {
		labels = slices.DeleteFunc(labels, func(l labelset.Label) bool { return l.Name == other.Name })
		if other.Text() != "" {
			labels = append(labels, other)
		}
	}
	return labels
}
