package mapper

import (
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
)

// SourceOptions change how a Source describes its metrics and labels. The zero value
// changes nothing. The functions may be called by several goroutines.
type SourceOptions struct {
	// Labels are further labels of the source's clusters. They replace those that the
	// Source makes itself, such as url.
	Labels []labelset.Label
	// Describe may be nil. It changes the descriptor of a new metric with the given name
	// of its samples before the metric gets its number: type, semantics and units.
	Describe func(sample string, d *meta.Desc)
	// Singular may be nil. It reports whether a metric has no instances, whatever labels
	// its samples have.
	Singular func(sample string) bool
	// Optional may be nil. It reports whether a label is recorded with the optional flag
	// and is no part of an instance's name.
	Optional func(label string) bool
}
