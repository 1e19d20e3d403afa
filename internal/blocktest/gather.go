package blocktest

import (
	"cmp"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/read"
	"github.com/pcparchive/pcparchive/internal/sinktest"
)

// Gatherer keeps all samples. It rejects samples that are out of order.
type Gatherer struct {
	Got    Content
	Series []*prom.Series // by ID
	last   int64          // time of the last sample
	Count  int            // number of samples
}

// Sample adds a number.
func (g *Gatherer) Sample(s *prom.Series, t int64, v float64) error {
	if g.Count > 0 && t < g.last {
		return fmt.Errorf("%d comes after %d", t, g.last)
	}
	if s.ID >= len(g.Series) {
		g.Series = append(g.Series, make([]*prom.Series, s.ID+1-len(g.Series))...)
	}
	if was := cmp.Or(g.Series[s.ID], s); was != s {
		return fmt.Errorf("number %d is that of two series", s.ID)
	}
	g.Series[s.ID] = s
	g.last = t
	g.Count++
	key := Labels(s).String()
	g.Got[key] = append(g.Got[key], At(t, v))
	return nil
}

// Gathered has the samples that a Reader yields, and the problems that it reports.
type Gathered struct {
	Content Content
	Series  []*prom.Series
	Damage  []string
	Report  prom.Report
}

// Gather reads blocks and logs at paths.
func Gather(t testing.TB, o read.Options, paths ...string) *Gathered {
	t.Helper()
	g := &Gatherer{Got: Content{}}
	out := &Gathered{}
	o.Report = &out.Report
	o.Damaged = func(d *read.Damage) { out.Damage = append(out.Damage, d.Error()) }
	r, err := read.Open(t.Context(), paths, o)
	require.NoError(t, err)
	require.NoError(t, r.Samples(t.Context(), sinktest.Sink(g, &out.Report)))
	require.NoError(t, r.Close())
	out.Content, out.Series = g.Got, g.Series
	return out
}
