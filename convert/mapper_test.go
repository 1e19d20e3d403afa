package convert_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/redact"
	"github.com/pcparchive/pcparchive/internal/sinktest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/pcp"
)

// fixture is a mapper with one source, web.
type fixture struct {
	t      *testing.T
	mapper *mapper.Mapper
	src    *mapper.Source
	report *prom.Report
	now    pcp.Timestamp
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{t: t, report: &prom.Report{}, now: pcp.Timestamp{Sec: 1_700_000_000, Nsec: 123_000_000}}
	var err error
	f.mapper, err = mapper.New(mapper.Options{
		Host: "recorder", Report: f.report, External: []prom.Label{{Name: "env", Value: "test"}},
	})
	require.NoError(t, err)
	f.src = f.source("web")
	return f
}

func (f *fixture) source(name string) *mapper.Source {
	f.t.Helper()
	host := name + ".example:9100"
	s, err := f.mapper.Source(mapper.Target{
		Name: name, Job: "job of " + name, Instance: host, URL: "http://me:secret@" + host + "/metrics?token=hush#x", Host: host,
	})
	require.NoError(f.t, err)
	return s
}

// series asks for a series by its labels, k v k v ….
func (f *fixture) series(name, typ string, pairs ...string) *mapper.Series {
	f.t.Helper()
	s, err := f.src.Series(name, pairLabels(pairs), prom.Family{Name: name, Type: typ})
	require.NoError(f.t, err)
	return s
}

func pairLabels(pairs []string) []prom.Label {
	var labels []prom.Label
	for i := 0; i+1 < len(pairs); i += 2 {
		labels = append(labels, prom.Label{Name: pairs[i], Value: pairs[i+1]})
	}
	return labels
}

// step gives each series the value 1 and returns what comes of it.
func (f *fixture) step(series ...*mapper.Series) *history.Step {
	f.begin()
	for _, s := range series {
		f.src.Set(s, 1)
	}
	return f.src.Step()
}

func (f *fixture) begin() {
	f.now.Sec++
	f.src.Begin(f.now)
}

// metricOf returns the metric that a series belongs to.
func (f *fixture) metricOf(s *mapper.Series) *history.Metric {
	f.t.Helper()
	step := f.step(s)
	require.Len(f.t, step.Metrics, 1)
	return step.Metrics[0].Metric
}

// A shape that a name cannot have as well gets a sibling of its own.
func TestSiblings(t *testing.T) {
	type ask struct {
		name, typ string
		labelled  bool
		want      string
	}
	tests := map[string][]ask{
		"with and without labels": {
			{"foo", "gauge", false, "foo"}, {"foo", "gauge", true, "foo_2"},
			{"foo", "gauge", false, "foo"}, {"foo", "gauge", true, "foo_2"},
		},
		"another type": {
			{"foo", "gauge", true, "foo"}, {"foo", "counter", true, "foo_2"},
			{"foo", "unknown", true, "foo_3"}, {"foo", "counter", true, "foo_2"},
		},
		"a number is taken": {
			{"foo_2", "gauge", true, "foo_2"}, {"foo", "gauge", true, "foo"}, {"foo", "gauge", false, "foo_3"},
		},
		"a colon and a dot": {
			{"a:b", "gauge", true, "a.b"}, {"a.b", "gauge", true, "a.b_2"},
		},
		"an escape and what looks like one": {
			{"é", "gauge", true, "U___e9_"}, {"U___e9_", "gauge", true, "U___e9__2"},
		},
		"a leaf below another": {
			{"a", "gauge", true, "a"}, {"a:b", "gauge", true, "a_b_2"}, {"a:b:c", "gauge", true, "a_b_c_2"},
		},
		"a leaf above another": {
			{"a:b:c", "gauge", true, "a.b.c"}, {"a", "gauge", true, "a_2"}, {"a:b", "gauge", true, "a.b_2"},
		},
		"a leaf above and one below": {
			{"a:b", "gauge", true, "a.b"}, {"a:b:c:d", "gauge", true, "a_b_c_d_2"}, {"a_b_c_d", "gauge", true, "a_b_c_d"},
			{"a:b:c:d", "gauge", false, "a_b_c_d_3"},
		},
		"flat names that a dotted one would get": {
			{"a", "gauge", true, "a"}, {"a_b_2", "gauge", true, "a_b_2"}, {"a:b", "gauge", true, "a_b_3"},
		},
	}
	for name, asks := range tests {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			for _, a := range asks {
				var pairs []string
				if a.labelled {
					pairs = []string{"x", "1"}
				}
				m := f.metricOf(f.series(a.name, a.typ, pairs...))
				assert.Equal(t, "openmetrics.web."+a.want, m.Name)
				assert.Equal(t, a.name, m.Labels[4].Text("prom_name"), "every sibling keeps the family's name")
				assert.Equal(t, a.labelled, m.Desc.InDom != pcp.InDomNull)
			}
		})
	}
}

// No two metrics of a source have one name, and none is an ancestor of another,
// whatever the order.
func TestNamesAreAlwaysDistinct(t *testing.T) {
	parts := []string{"a", "a:a", "a.a", "a_2", "a:a_2", "a_a_2", "a:a:a", "a.a:a", "U__a", "_a", "a:_a"}
	for turn := range parts {
		f := newFixture(t)
		names := map[string]string{}
		for i := range parts {
			part := parts[(i*7+turn)%len(parts)]
			for _, typ := range []string{"gauge", "counter"} {
				names[f.metricOf(f.series(part, typ)).Name] = part + typ
				names[f.metricOf(f.series(part, typ, "x", "1")).Name] = part + typ + "x"
			}
		}
		require.Len(t, names, 4*len(parts))
		for name := range names {
			for i, c := range name {
				if c == '.' {
					assert.NotContains(t, names, name[:i])
				}
			}
		}
	}
}

// Numbers are those of the reference agent: clusters by source, items by first
// sight, one instance domain per metric. A source that fills its cluster goes on
// in the next free one.
func TestNumbers(t *testing.T) {
	f := newFixture(t)
	web := f.src
	first := f.metricOf(f.series("a", "gauge", "x", "1"))
	assert.Equal(t, "144.1.0", first.Desc.PMID.String())
	assert.Equal(t, "144.5120", first.Desc.InDom.String())
	single := f.metricOf(f.series("b", "gauge"))
	assert.Equal(t, "144.1.1", single.Desc.PMID.String())
	assert.Equal(t, pcp.InDomNull, single.Desc.InDom)
	third := f.metricOf(f.series("c", "gauge", "x", "1"))
	assert.Equal(t, "144.5122", third.Desc.InDom.String())

	f.src = f.source("db")
	other := f.metricOf(f.series("a", "gauge", "x", "1"))
	assert.Equal(t, "144.2.0", other.Desc.PMID.String())
	assert.Equal(t, "144.6144", other.Desc.InDom.String())

	f.src = web
	var last *history.Metric
	for i := 3; i < 1025; i++ {
		last = f.metricOf(f.series(fmt.Sprint("m", i), "gauge", "x", "1"))
		if i == 1023 {
			assert.Equal(t, "144.1.1023", last.Desc.PMID.String())
			assert.Equal(t, "144.6143", last.Desc.InDom.String())
		}
	}
	assert.Equal(t, "144.3.0", last.Desc.PMID.String())
	assert.Equal(t, "144.7168", last.Desc.InDom.String())
	assert.Equal(t, first.Labels[3].JSON(), last.Labels[3].JSON(), "the further cluster has the source's labels")
	assert.Equal(t, first, f.metricOf(f.series("a", "gauge", "x", "1")), "numbers stay")
}

// When the numbers are used up, more metrics are refused and counted; those
// that have one go on.
func TestNumbersEnd(t *testing.T) {
	const clusters = 4091
	f := newFixture(t)
	kept := f.series("a", "gauge")
	for i := 1; i < clusters; i++ {
		f.src = f.source(fmt.Sprint("s", i))
		f.series("a", "gauge")
	}
	f.src = f.source("one_too_many")
	_, err := f.src.Series("a", nil, prom.Family{Name: "a"})
	require.ErrorIs(t, err, mapper.ErrNumbers)
	assert.Equal(t, []prom.LossCount{{Loss: prom.LossNumbers, Name: "a", Count: 1}}, f.report.Losses())
	assert.Equal(t, "a", kept.Name())
}

func TestMetadata(t *testing.T) {
	f := newFixture(t)
	s, err := f.src.Series("lat_seconds_bucket", pairLabels([]string{"le", "1"}), prom.Family{
		Name: "lat_seconds", Type: prom.TypeHistogram, Help: "Time taken.\nIn all.", Unit: "seconds",
	})
	require.NoError(t, err)
	m := f.metricOf(s)
	assert.Equal(t, pcp.TypeDouble, m.Desc.Type)
	assert.Equal(t, pcp.SemCounter, m.Desc.Sem)
	assert.Equal(t, "count", m.Desc.Units.String())
	assert.Equal(t, "Time taken.", m.OneLine)
	assert.Equal(t, "Time taken.\nIn all.", m.Help)
	assert.Equal(t, "lat_seconds_bucket", s.Name())

	assert.Equal(t, []string{`env="test" context 0`, `hostname="recorder" context 0`}, showLabels(m.Labels[0]))
	assert.Equal(t, 0, m.Labels[1].Len())
	assert.Equal(t, 0, m.Labels[2].Len())
	assert.Equal(t, []string{
		`hostname="web.example" cluster 0`, `instance="web.example:9100" cluster 0`, `job="job of web" cluster 0`,
		`source="web" cluster 0`, `url="http://web.example:9100/metrics" cluster 0`,
	}, showLabels(m.Labels[3]), "no secret")
	assert.Equal(t, []string{
		`prom_name="lat_seconds" item 128`, `prom_suffix="_bucket" item 128`,
		`prom_type="histogram" item 128`, `prom_unit="seconds" item 128`,
	}, showLabels(m.Labels[4]), "all optional")
}

// showLabels writes labels with level and flags.
func showLabels(set labelset.Set) []string {
	var out []string
	for l := range set.All() {
		out = append(out, fmt.Sprintf("%s=%s %s %d", l.Name, l.Value, l.Level, l.Flags))
	}
	return out
}

// The host of a target is a label of its cluster only where it is not the
// recording host itself.
func TestHostLabel(t *testing.T) {
	for host, want := range map[string]string{
		"localhost:9100": "", "127.0.0.1:9100": "", "127.8.0.1": "", "[::1]:9100": "", "::1": "", "recorder:9100": "", "": "",
		"web:9100": "web", "web": "web", "[fe80::2]:80": "fe80::2", "10.0.0.1": "10.0.0.1",
	} {
		f := newFixture(t)
		src, err := f.mapper.Source(mapper.Target{Name: "x", Host: host})
		require.NoError(t, err)
		f.src = src
		assert.Equal(t, want, f.metricOf(f.series("a", "gauge")).Labels[3].Text("hostname"), host)
	}
}

func TestRedactURL(t *testing.T) {
	for raw, want := range map[string]string{
		"http://h:1/metrics":            "http://h:1/metrics",
		"https://me:pw@h/m?token=x#top": "https://h/m",
		"https://me@h/":                 "https://h/",
		"http://h/?":                    "http://h/",
		"http://[::1]:9100/metrics":     "http://[::1]:9100/metrics",
		"http://h/a%20b":                "http://h/a%20b",
		"http://me:p%w@h/":              "", // rather nothing than a secret
		"":                              "",
	} {
		assert.Equal(t, want, redact.URL(raw), raw)
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

	f := newFixture(t)
	for _, name := range []string{"web", "control", "", "9", "a.b", "a-b", "é"} {
		_, err := f.mapper.Source(mapper.Target{Name: name})
		assert.ErrorContains(t, err, fmt.Sprintf("%q", name))
	}
	_, err = f.mapper.Source(mapper.Target{Name: "long", URL: "http://h/" + strings.Repeat("x", 70_000)})
	assert.ErrorIs(t, err, pcp.ErrLimit)
	_, err = f.mapper.Source(mapper.Target{Name: "long"})
	assert.NoError(t, err, "a source that was refused does not keep its name")
}

// oddValues are label values that JSON must escape, or looks as if it must.
var oddValues = []string{
	`"quoted"`, "line\nfeed", "tab\ttab", `back\slash`, `\n`, `\u0041`, "é 日本 😀", "\a\x00\x1f\x7f", " blanks  ", "{a:1}",
	"null", "1", "\u2028", "<&>", "'", "/", "",
}

// Labels come back as they were, whatever is in them.
func TestOddLabels(t *testing.T) {
	f := newFixture(t)
	var all []*mapper.Series
	for _, v := range oddValues {
		all = append(all, f.series("m", "gauge", "k", v, "l.é", v))
	}
	out := &seen{}
	flat := flatten.New(sinktest.Sink(out), flatten.Options{})
	step := f.step(all...)
	require.NoError(t, flat.Put(step))
	require.Len(t, step.Metrics[0].InDom.Instances, len(oddValues))
	for i, v := range oddValues {
		assert.Equal(t, v, step.Metrics[0].Points[i].Series.Labels.Text("k"))
		key := "m k=" + v + " l.é=" + v
		if v == "" {
			key = "m"
		}
		assert.Contains(t, out.series, key)
	}
	assert.Empty(t, f.report.Losses())
}

// Labels that no label set holds are refused and counted; the rest of the
// metric is recorded.
func TestTooManyLabels(t *testing.T) {
	tests := map[string]struct {
		labels []prom.Label
		err    error
	}{
		"value":   {pairLabels([]string{"a", strings.Repeat("x", 65_535)}), pcp.ErrLimit},
		"escaped": {pairLabels([]string{"a", strings.Repeat("\x01", 11_000)}), pcp.ErrLimit},
		"name":    {pairLabels([]string{strings.Repeat("n", 255), "x"}), pcp.ErrRange},
		"number":  {manyLabels(256), pcp.ErrLimit},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			fits := f.series("m", "gauge", "a", strings.Repeat("x", 65_000))
			for range 2 {
				_, err := f.src.Series("m", test.labels, prom.Family{Name: "m", Type: "gauge"})
				require.ErrorIs(t, err, test.err)
				assert.ErrorContains(t, err, "m: ")
			}
			most, err := f.src.Series("m", manyLabels(255), prom.Family{Name: "m", Type: "gauge"})
			require.NoError(t, err)
			step := f.step(fits, most)
			assert.Len(t, step.Metrics[0].Points, 2)
			assert.Equal(t, []pcp.InstID{0, 1}, instances(step.Metrics[0]), "a series that is refused takes no number")
			assert.Equal(t, []prom.LossCount{{Loss: prom.LossLabels, Name: "m", Count: 2}}, f.report.Losses())
		})
	}
}

func manyLabels(n int) []prom.Label {
	labels := make([]prom.Label, n)
	for i := range labels {
		labels[i] = prom.Label{Name: fmt.Sprintf("l%03d", i), Value: "v"}
	}
	return labels
}

// A family whose name fills a label set cannot be kept. It is counted, and takes
// neither number nor name.
func TestTooLongFamily(t *testing.T) {
	f := newFixture(t)
	name := strings.Repeat("n", 66_000)
	_, err := f.src.Series("m", nil, prom.Family{Name: name, Type: "gauge"})
	require.ErrorIs(t, err, pcp.ErrLimit)
	assert.Equal(t, []prom.LossCount{{Loss: prom.LossLabels, Name: "m", Count: 1}}, f.report.Losses())
	m := f.metricOf(f.series("m", "gauge"))
	assert.Equal(t, "openmetrics.web.m", m.Name)
	assert.Equal(t, "144.1.0", m.Desc.PMID.String())
}

func instances(mv history.MetricValues) []pcp.InstID {
	var ids []pcp.InstID
	for _, in := range mv.InDom.Instances {
		ids = append(ids, in.ID)
	}
	return ids
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
		f := newFixture(t)
		_, err := f.src.Series(member, nil, family)
		require.NoError(t, err)
		s, err := f.src.Series("c_created", nil, prom.Family{})
		require.NoError(t, err)
		assert.Equal(t, family, s.Family(), member)
		m := f.metricOf(s)
		assert.Equal(t, pcp.SemInstant, m.Desc.Sem)
		assert.Equal(t, "sec", m.Desc.Units.String())
	}
	f := newFixture(t)
	s, err := f.src.Series("c_created", nil, prom.Family{})
	require.NoError(t, err)
	assert.Equal(t, prom.Family{Name: "c_created", Type: prom.TypeUnknown}, s.Family(), "without a family it is its own")

	// A page that stops describing a family does not make it another one.
	known := f.series("g", "gauge")
	again, err := f.src.Series("g", nil, prom.Family{})
	require.NoError(t, err)
	assert.Same(t, known, again)
}

// controlTable pins the metrics of cluster 0. The first five are the reference
// agent's, with its numbers.
const controlTable = `
144.0.1 openmetrics.control.calls u64 counter count -
144.0.2 openmetrics.control.fetch_time u64 counter millisec -
144.0.3 openmetrics.control.parse_time u64 counter millisec -
144.0.5 openmetrics.control.status string instant  -
144.0.6 openmetrics.control.status_code 32 discrete  -
144.0.16 openmetrics.control.up double instant  up
144.0.17 openmetrics.control.scrape_duration_seconds double instant sec scrape_duration_seconds
144.0.18 openmetrics.control.scrape_samples_scraped double instant  scrape_samples_scraped
144.0.19 openmetrics.control.scrape_samples_post_metric_relabeling double instant  scrape_samples_post_metric_relabeling
144.0.20 openmetrics.control.scrape_series_added double instant  scrape_series_added
`

func TestControlMetrics(t *testing.T) {
	f := newFixture(t)
	f.source("db")
	f.begin()
	f.src.SetHealth(mapper.Health{Up: 1})
	got := "\n"
	for _, mv := range f.src.Step().Metrics {
		d := mv.Metric.Desc
		origin := mv.Metric.Labels[4].Text("prom_name")
		if origin == "" {
			origin = "-"
		}
		got += fmt.Sprintln(d.PMID, mv.Metric.Name, d.Type, d.Sem, d.Units, origin)
		assert.Equal(t, "144.0", d.InDom.String())
		assert.NotEmpty(t, mv.Metric.OneLine)
		assert.Equal(t, "1 web,2 db", members(mv), "one instance per source")
		require.Len(t, mv.Points, 1)
		assert.Equal(t, pcp.InstID(1), mv.Points[0].Value.Inst)
		assert.Equal(t, `{"instance":"web.example:9100","job":"job of web"}`, mv.Points[0].Series.Labels.JSON())
	}
	assert.Equal(t, controlTable, got)
}

func members(mv history.MetricValues) string {
	var out []string
	for _, in := range mv.InDom.Instances {
		out = append(out, fmt.Sprint(int32(in.ID), " ", in.Name))
	}
	return strings.Join(out, ",")
}

func TestHealthValues(t *testing.T) {
	f := newFixture(t)
	for i, c := range []struct {
		err    error
		status string
		code   uint64
	}{
		{nil, "success", 200},
		{errors.New("server returned HTTP status 503 Service Unavailable"), "server returned HTTP status 503 Service Unavailable", 503},
		{errors.New("connection refused"), "connection refused", 0},
		{errors.New("HTTP status soon"), "HTTP status soon", 0},
	} {
		f.begin()
		f.src.SetHealth(mapper.Health{Up: 0.5, Duration: 2, Scraped: 3, PostRelabel: 4, Added: 5, Fetch: 6e6, Parse: 7e6, Err: c.err})
		value := map[string]history.Value{}
		for _, mv := range f.src.Step().Metrics {
			_, name, _ := strings.Cut(mv.Metric.Name, "control.")
			value[name] = mv.Points[0].Value
		}
		n := uint64(i + 1)
		assert.Equal(t, c.status, value["status"].Text())
		assert.Equal(t, c.code, value["status_code"].Bits)
		assert.Equal(t, n, value["calls"].Bits)
		assert.Equal(t, 6*n, value["fetch_time"].Bits, "they add up")
		assert.Equal(t, 7*n, value["parse_time"].Bits)
		for name, want := range map[string]float64{
			"up": 0.5, "scrape_duration_seconds": 2, "scrape_samples_scraped": 3,
			"scrape_samples_post_metric_relabeling": 4, "scrape_series_added": 5,
		} {
			assert.Equal(t, want, math.Float64frombits(value[name].Bits), name)
		}
	}
}
