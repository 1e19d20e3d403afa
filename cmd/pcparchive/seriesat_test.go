package main

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/pcparchive/pcparchive/convert/format"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/internal/sinktest"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/pcp"
)

// seriesNames collects the names and labels of series that have values.
type seriesNames map[string]bool

func (n seriesNames) Sample(s *prom.Series, _ int64, v float64) error {
	if !prom.IsStale(v) {
		n[fmt.Sprintf("%s %q", s.Name, s.Labels)] = true
	}
	return nil
}

func (n seriesNames) Histogram(s *prom.Series, _ int64, _ []byte) error {
	return n.Sample(s, 0, 0)
}

// seriesAt returns the names and labels of the series that are in archives,
// blocks, text or replies, sorted.
func seriesAt(t *testing.T, paths ...string) []string {
	t.Helper()
	s := streams{out: &bytes.Buffer{}, err: &bytes.Buffer{}}
	kind, s, err := inputFormat(s, paths)
	require.NoError(t, err)
	found, o := seriesNames{}, convertOptions{from: kind}
	report := &prom.Report{}
	if kind == format.Archive {
		h, err := openHosts(s, paths)
		require.NoError(t, err)
		require.NoError(t, o.mapping.copyHosts(t.Context(), h, pcp.Timestamp{}, pcp.MaxTime, sinktest.Sink(found), o.mapping.flattenOptions(report)))
	} else {
		o.pages.format = "auto"
		if kind == format.OpenMetrics {
			o.from = format.Text
		}
		in, err := o.openSamples(t.Context(), s, paths, report)
		require.NoError(t, err)
		require.NoError(t, in.end(in.Samples(t.Context(), sinktest.Sink(found))))
	}
	return slices.Sorted(maps.Keys(found))
}
