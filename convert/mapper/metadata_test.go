package mapper_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/internal/converttest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/pcp"
)

func TestMetadata(t *testing.T) {
	f := converttest.NewFixture(t)
	s, err := f.Src.Series("lat_seconds_bucket", converttest.Labels([]string{"le", "1"}), prom.Family{
		Name: "lat_seconds", Type: prom.TypeHistogram, Help: "Time taken.\nIn all.", Unit: "seconds",
	})
	require.NoError(t, err)
	m := f.MetricOf(s)
	assert.Equal(t, pcp.TypeDouble, m.Desc.Type)
	assert.Equal(t, pcp.SemCounter, m.Desc.Sem)
	assert.Equal(t, "count", m.Desc.Units.String())
	assert.Equal(t, "Time taken.", m.OneLine)
	assert.Equal(t, "Time taken.\nIn all.", m.Help)
	assert.Equal(t, "lat_seconds_bucket", s.Name())

	assert.Equal(t, []string{`env="test" context 0`, `hostname="recorder" context 0`}, converttest.ShowLabels(m.Labels[0]))
	assert.Equal(t, 0, m.Labels[1].Len())
	assert.Equal(t, 0, m.Labels[2].Len())
	assert.Equal(t, []string{
		`hostname="web.example" cluster 0`, `instance="web.example:9100" cluster 0`, `job="job of web" cluster 0`,
		`source="web" cluster 0`, `url="http://web.example:9100/metrics" cluster 0`,
	}, converttest.ShowLabels(m.Labels[3]), "no secret")
	assert.Equal(t, []string{
		`prom_name="lat_seconds" item 128`, `prom_suffix="_bucket" item 128`,
		`prom_type="histogram" item 128`, `prom_unit="seconds" item 128`,
	}, converttest.ShowLabels(m.Labels[4]), "all optional")
}

// The host of a target is a label of its cluster only where it is not the
// recording host itself.
func TestHostLabel(t *testing.T) {
	for host, want := range map[string]string{
		"localhost:9100": "", "127.0.0.1:9100": "", "127.8.0.1": "", "[::1]:9100": "", "::1": "", "recorder:9100": "", "": "",
		"web:9100": "web", "web": "web", "[fe80::2]:80": "fe80::2", "10.0.0.1": "10.0.0.1",
	} {
		f := converttest.NewFixture(t)
		src, err := f.Mapper.Source(mapper.Target{Name: "x", Host: host})
		require.NoError(t, err)
		f.Src = src
		assert.Equal(t, want, f.MetricOf(f.Series("a", "gauge")).Labels[3].Text("hostname"), host)
	}
}

func TestMapperRefuses(t *testing.T) {
	for _, prefix := range []string{"a b", "9a", "a.", ".a", "a..b", "é", "_a"} {
		_, err := mapper.New(mapper.Options{Prefix: prefix})
		assert.ErrorContains(t, err, "prefix", prefix)
	}
	for _, prefix := range []string{"a", "a.b", "A_9.b_"} {
		_, err := mapper.New(mapper.Options{Prefix: prefix})
		assert.NoError(t, err, prefix)
	}
	_, err := mapper.New(mapper.Options{External: []prom.Label{{Name: "a", Value: strings.Repeat("x", 70_000)}}})
	assert.ErrorIs(t, err, pcp.ErrLimit)

	f := converttest.NewFixture(t)
	for _, name := range []string{"web", "control", "control.a", "", "9", "a.", ".b", "a..b", "a-b", "é"} {
		_, err := f.Mapper.Source(mapper.Target{Name: name})
		assert.ErrorContains(t, err, fmt.Sprintf("%q", name))
	}
	_, err = f.Mapper.Source(mapper.Target{Name: "long", URL: "http://h/" + strings.Repeat("x", 70_000)})
	assert.ErrorIs(t, err, pcp.ErrLimit)
	_, err = f.Mapper.Source(mapper.Target{Name: "long"})
	assert.NoError(t, err, "a source that was refused does not keep its name")
}

// A _created sample, of which the scraper does not tell the family, joins the
// one it belongs to.
func TestCreatedJoinsItsFamily(t *testing.T) {
	for member, family := range map[string]prom.Family{
		"c_total": {Name: "c", Type: prom.TypeCounter},
		"c_count": {Name: "c", Type: prom.TypeHistogram},
		"c_sum":   {Name: "c", Type: prom.TypeSummary},
		"c":       {Name: "c", Type: prom.TypeSummary},
	} {
		f := converttest.NewFixture(t)
		_, err := f.Src.Series(member, nil, family)
		require.NoError(t, err)
		s, err := f.Src.Series("c_created", nil, prom.Family{})
		require.NoError(t, err)
		assert.Equal(t, family, s.Family(), member)
		m := f.MetricOf(s)
		assert.Equal(t, pcp.SemInstant, m.Desc.Sem)
		assert.Equal(t, "sec", m.Desc.Units.String())
	}
	f := converttest.NewFixture(t)
	s, err := f.Src.Series("c_created", nil, prom.Family{})
	require.NoError(t, err)
	assert.Equal(t, prom.Family{Name: "c_created", Type: prom.TypeUnknown}, s.Family(), "without a family it is its own")

	// A page that stops describing a family does not make it another one.
	known := f.Series("g", "gauge")
	again, err := f.Src.Series("g", nil, prom.Family{})
	require.NoError(t, err)
	assert.Same(t, known, again)
}
