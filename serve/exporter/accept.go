package exporter

import (
	"strconv"
	"strings"
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
func accepted(accept []string) format {
	best, weight := formatText, 0.0
	rank := [...]int{formatText: 1, formatOpenMetrics: 2, formatOTLP: 0}
	for clause := range strings.SplitSeq(strings.Join(accept, ","), ",") {
		name, params, _ := strings.Cut(clause, ";")
		name = strings.ToLower(strings.TrimSpace(name))
		f, known := mediaTypes[name]
		if !known {
			continue
		}
		q := quality(params)
		if strings.Contains(name, "*") {
			q /= 1e6 // anything means nothing in particular
		}
		if q > weight || q == weight && q > 0 && rank[f] > rank[best] {
			best, weight = f, q
		}
	}
	return best
}

// quality returns the preference in the parameters of a media type.
func quality(params string) float64 {
	for p := range strings.SplitSeq(params, ";") {
		name, text, _ := strings.Cut(p, "=")
		if strings.TrimSpace(name) != "q" {
			continue
		}
		q, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
		if err != nil || !(q >= 0 && q <= 1) {
			return 0
		}
		return q
	}
	return 1
}
