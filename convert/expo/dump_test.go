package expo_test

import (
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/convert/expo"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// stored is samples in memory.
type stored struct {
	series []*convert.PromSeries
	points map[*convert.PromSeries][]convert.Sample
	err    error
}

func (s *stored) add(name string, f *convert.Family, labels []convert.Label, points ...convert.Sample) {
	p := &convert.PromSeries{ID: len(s.series), Name: name, Family: f, Labels: labels}
	s.series = append(s.series, p)
	if s.points == nil {
		s.points = map[*convert.PromSeries][]convert.Sample{}
	}
	s.points[p] = points
}

func (s *stored) Series() iter.Seq[*convert.PromSeries] { return slices.Values(s.series) }

func (s *stored) Samples(p *convert.PromSeries) iter.Seq2[convert.Sample, error] {
	return func(yield func(convert.Sample, error) bool) {
		for _, at := range s.points[p] {
			if !yield(at, nil) {
				return
			}
		}
		if s.err != nil {
			yield(convert.Sample{}, s.err)
		}
	}
}

func (s *stored) Exemplars(*convert.PromSeries) iter.Seq2[convert.Sample, error] {
	return func(func(convert.Sample, error) bool) {}
}

func mixed() *stored {
	counter := &convert.Family{Name: "hits", Type: convert.TypeCounter, Help: "Hits."}
	histogram := &convert.Family{Name: "lat_seconds", Type: convert.TypeHistogram, Unit: "seconds"}
	s := &stored{}
	le := func(v string) []convert.Label { return []convert.Label{{Name: "le", Value: v}} }
	s.add("lat_seconds_count", histogram, nil, convert.Sample{T: 1000, V: 3}, convert.Sample{T: 2000, V: 4})
	s.add("lat_seconds_bucket", histogram, le("+Inf"), convert.Sample{T: 1000, V: 3}, convert.Sample{T: 2000, V: 4})
	s.add("hits", counter, []convert.Label{{Name: "a", Value: "1"}}, convert.Sample{T: -5, V: 1}, convert.Sample{T: 1500, V: 2}, convert.Sample{T: 2500, V: convert.StaleNaN})
	s.add("lat_seconds_bucket", histogram, le("0.5"), convert.Sample{T: 2000, V: 1}, convert.Sample{T: 3000, V: 2})
	s.add("hits", counter, []convert.Label{{Name: "a", Value: "2"}}, convert.Sample{T: 1000, V: 7}, convert.Sample{T: 1500, V: 8})
	s.series[2].Origin = &archive.Metric{Name: "my.hits", Desc: &meta.Desc{
		PMID: pcp.PMID(60<<22 | 1<<10 | 2), Type: pcp.TypeU32, InDom: pcp.InDomNull, Sem: pcp.SemCounter, Units: pcp.Units{DimCount: 1},
	}}
	return s
}

func TestDump(t *testing.T) {
	report := &convert.Report{}
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
	assert.Equal(t, []convert.LossCount{
		{Loss: convert.LossBefore1970, Name: "hits", Count: 1}, {Loss: convert.LossStale, Name: "hits", Count: 1},
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
