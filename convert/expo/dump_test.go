package expo_test

import (
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/expo"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// stored is samples in memory.
type stored struct {
	series []*prom.Series
	points map[*prom.Series][]prom.Sample
	err    error
}

func (s *stored) add(name string, f *prom.Family, labels []prom.Label, points ...prom.Sample) {
	p := &prom.Series{ID: len(s.series), Name: name, Family: f, Labels: labels}
	s.series = append(s.series, p)
	if s.points == nil {
		s.points = map[*prom.Series][]prom.Sample{}
	}
	s.points[p] = points
}

func (s *stored) Series() iter.Seq[*prom.Series] { return slices.Values(s.series) }

func (s *stored) Samples(p *prom.Series) iter.Seq2[prom.Sample, error] {
	return func(yield func(prom.Sample, error) bool) {
		for _, at := range s.points[p] {
			if !yield(at, nil) {
				return
			}
		}
		if s.err != nil {
			yield(prom.Sample{}, s.err)
		}
	}
}

func (s *stored) Exemplars(*prom.Series) iter.Seq2[prom.Sample, error] {
	return func(func(prom.Sample, error) bool) {}
}

func mixed() *stored {
	counter := &prom.Family{Name: "hits", Type: prom.TypeCounter, Help: "Hits."}
	histogram := &prom.Family{Name: "lat_seconds", Type: prom.TypeHistogram, Unit: "seconds"}
	s := &stored{}
	le := func(v string) []prom.Label { return []prom.Label{{Name: "le", Value: v}} }
	s.add("lat_seconds_count", histogram, nil, prom.Sample{T: 1000, V: 3}, prom.Sample{T: 2000, V: 4})
	s.add("lat_seconds_bucket", histogram, le("+Inf"), prom.Sample{T: 1000, V: 3}, prom.Sample{T: 2000, V: 4})
	s.add("hits", counter, []prom.Label{{Name: "a", Value: "1"}}, prom.Sample{T: -5, V: 1}, prom.Sample{T: 1500, V: 2}, prom.Sample{T: 2500, V: prom.StaleNaN})
	s.add("lat_seconds_bucket", histogram, le("0.5"), prom.Sample{T: 2000, V: 1}, prom.Sample{T: 3000, V: 2})
	s.add("hits", counter, []prom.Label{{Name: "a", Value: "2"}}, prom.Sample{T: 1000, V: 7}, prom.Sample{T: 1500, V: 8})
	s.series[2].PCPMetric = &history.Metric{Name: "my.hits", Desc: &meta.Desc{
		PMID: pcp.PMID(60<<22 | 1<<10 | 2), Type: pcp.TypeU32, InDom: pcp.InDomNull, Sem: pcp.SemCounter, Units: pcp.Units{DimCount: 1},
	}}
	return s
}

func TestDump(t *testing.T) {
	report := &prom.Report{}
	var out strings.Builder
	require.NoError(t, expo.WriteDump(&out, mixed(), expo.Options{Format: expo.OpenMetrics, PCP: true}, report))
	assert.Equal(t, `# TYPE lat_seconds histogram
# UNIT lat_seconds seconds
lat_seconds_bucket{le="+Inf"} 3 1.000
lat_seconds_count 3 1.000
lat_seconds_bucket{le="0.5"} 1 2.000
lat_seconds_bucket{le="+Inf"} 4 2.000
lat_seconds_count 4 2.000
lat_seconds_bucket{le="0.5"} 2 3.000
# HELP hits Hits.\n# TYPE hits counter
hits{a="1"} 2.0 1.500
hits{a="2"} 7.0 1.000
hits{a="2"} 8.0 1.500
# EOF
`, out.String())
	assert.Equal(t, []prom.LossCount{
		{Loss: prom.LossBefore1970, Name: "hits", Count: 1}, {Loss: prom.LossStale, Name: "hits", Count: 1},
	}, report.Losses())
}

func TestDumpAsText(t *testing.T) {
	var out strings.Builder
	require.NoError(t, expo.WriteDump(&out, mixed(), expo.Options{PCP: true}, nil))
	assert.Contains(t, out.String(), `
# PCP5 my.hits 60.1.2 u32 PM_INDOM_NULL counter count
# HELP hits Hits.
# TYPE hits counter
hits{a="1"} 2 1500
hits{a="2"} 7 1000
`)
}

// What cannot be read is an error, in a group of series or in one alone.
func TestDumpOfWhatCannotBeRead(t *testing.T) {
	s := mixed()
	s.err = assert.AnError
	require.ErrorIs(t, expo.WriteDump(&strings.Builder{}, s, expo.Options{}, nil), assert.AnError)
	s.series = s.series[2:3]
	require.ErrorIs(t, expo.WriteDump(&strings.Builder{}, s, expo.Options{}, nil), assert.AnError)
}
