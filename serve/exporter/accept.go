package exporter

import (
	"strings"

	"github.com/pcparchive/pcparchive/internal/accept"
)

// format is a format of pages.
type format int

// The formats.
const (
	formatText format = iota
	formatOpenMetrics
	formatOTLP
	formats
)

// mediaTypes are the types by which clients name formats.
var mediaTypes = map[string]format{
	"text/plain": formatText, "text/*": formatText, "*/*": formatText,
	"application/openmetrics-text": formatOpenMetrics,
	"application/json":             formatOTLP,
}

// accepted returns the format that a client prefers. Of equal preference, OpenMetrics comes
// before text, and text before JSON.
func accepted(fields []string) format {
	best, weight := formatText, 0.0
	rank := [...]int{formatText: 1, formatOpenMetrics: 2, formatOTLP: 0}
	for name, q := range accept.Names(fields) {
		f, known := mediaTypes[name]
		if !known {
			continue
		}
		if strings.Contains(name, "*") {
			q /= 1e6 // anything means nothing in particular
		}
		if q > weight || q == weight && q > 0 && rank[f] > rank[best] {
			best, weight = f, q
		}
	}
	return best
}
