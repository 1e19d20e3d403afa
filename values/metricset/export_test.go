package metricset

import (
	"maps"
	"slices"
)

// Names returns the names of all sets, sorted.
func (c *Config) Names() []string { return slices.Sorted(maps.Keys(c.sets)) }
