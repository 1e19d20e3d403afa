package scrape_test

import (
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/scrape"
)

// lossesOf returns the counts of a report by reason and name.
func lossesOf(r *prom.Report) map[string]int64 {
	counts := map[string]int64{}
	for _, l := range r.Losses() {
		counts[string(l.Loss)+" "+l.Name] += l.Count
	}
	return counts
}

// dropped are the losses of samples that are not recorded.
var dropped = map[prom.Loss]bool{
	prom.LossDuplicate: true, prom.LossFuture: true, prom.LossLabels: true, prom.LossNumbers: true,
	prom.LossNativeHist: true, prom.LossNotNative: true,
}

// requireNothingVanished demands that the samples which scrapes that succeeded
// brought are those recorded and those reported.
func requireNothingVanished(t *testing.T, s *session, r *archive.Reader) {
	t.Helper()
	var scraped int64
	for step, err := range r.Steps(history.Query{}) {
		require.NoError(t, err)
		for _, mv := range step.Metrics {
			if mv.Metric.Name == "openmetrics.control.scrape_samples_post_metric_relabeling" {
				for _, p := range mv.Points {
					v := math.Float64frombits(p.Value.Bits)
					scraped += int64(v)
				}
			}
		}
	}
	stats := s.rec.Stats()
	kept := stats.Samples + stats.Repeated
	for _, l := range s.report.Losses() {
		if dropped[l.Loss] {
			kept += l.Count
		}
	}
	assert.Equal(t, scraped, kept, "%+v %v", stats, s.report.Losses())
	assert.Positive(t, scraped)
}

// TestNothingVanishes records pages with all kinds of samples that an archive, or
// the scraper, does not take as they are.
func TestNothingVanishes(t *testing.T) {
	t.Parallel()
	old := time.Now().Add(-time.Hour).UnixMilli()
	future := time.Now().Add(time.Hour).UnixMilli()
	long := strings.Repeat("x", 70000)
	pages := map[string]struct {
		body, extra string
		losses      []string
	}{
		"repeated line":        {body: "a{x=\"1\"} 1\na{x=\"1\"} 2\na{x=\"1\"} 3\nb 1\n", losses: []string{string(prom.LossDuplicate) + " a"}},
		"labels in any order":  {body: "a{x=\"1\",y=\"2\"} 1\na{y=\"2\",x=\"1\"} 2\nb 1\n", losses: []string{string(prom.LossDuplicate) + " a"}},
		"quoted name repeated": {body: "{\"a.b\",x=\"1\"} 1\n{\"a.b\",x=\"1\"} 2\nb 1\n", losses: []string{string(prom.LossDuplicate) + " a.b"}},
		"relabelled to one": {
			body: "a{x=\"1\"} 1\na{x=\"2\"} 2\nb 1\n", extra: "metric_relabel_configs: [{action: labeldrop, regex: x}]",
			losses: []string{string(prom.LossDuplicate) + " a"},
		},
		"own time":                 {body: fmt.Sprintf("a 1 %d\nb 1\n", old)},
		"own time repeated":        {body: fmt.Sprintf("a 1 %d\na 1 %d\na 2 %d\nb 1\n", old, old, old), losses: []string{string(prom.LossDuplicate) + " a"}},
		"own times, going back":    {body: fmt.Sprintf("a 1 %d\na 2 %d\nb 1\n", old+1000, old)},
		"own time, yet to come":    {body: fmt.Sprintf("a 1 %d\nb 1\n", future), losses: []string{string(prom.LossFuture) + " a"}},
		"labels of 70,000 bytes":   {body: "a{x=\"" + long + "\"} 1\nb 1\n", losses: []string{string(prom.LossLabels) + " a"}},
		"dropped by relabelling":   {body: "a 1\nb 1\n", extra: "metric_relabel_configs: [{action: drop, source_labels: [__name__], regex: a}]"},
		"with and without a label": {body: "a 1\na{x=\"\"} 2\na{x=\"1\"} 3\nb 1\n", losses: []string{string(prom.LossDuplicate) + " a"}},
	}
	for name, c := range pages {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &page{body: c.body}
			s := start(t, scrape.Settings{Interval: tick, Extra: []byte(c.extra)}, scrape.Endpoint{URL: serve(t, p), Name: "web"})
			s.waitMore(3)
			r := s.finish()
			requireNothingVanished(t, s, r)
			losses := lossesOf(s.report)
			for _, want := range c.losses {
				assert.Positive(t, losses[want], "%q in %v", want, losses)
			}
			if len(c.losses) == 0 {
				for _, l := range s.report.Losses() {
					assert.False(t, dropped[l.Loss], "%v", l)
				}
			}
			got := flattened(t, r, flatten.Options{NoHealth: true})
			assert.NotEmpty(t, got["b"], "the rest of the page is recorded")
			if list := got[`a x="1"`]; strings.HasPrefix(name, "repeated") {
				assert.Equal(t, 1.0, list[0].v, "the first of equal series wins")
			}
		})
	}
}

// TestTypeChanges: a metric whose type or unit changes while its line stays the same
// goes on as another metric, and comes back as it was.
func TestTypeChanges(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ kind, first, second, line, metric, differs string }{
		"type":                            {"text/plain; version=0.0.4", "# TYPE a gauge\n", "# TYPE a counter\n", "a{x=\"1\"} 7\n", "a", "sem"},
		"type of a metric without labels": {"text/plain; version=0.0.4", "# TYPE a untyped\n", "# TYPE a counter\n", "a 7\n", "a", "sem"},
		"unit": {
			"application/openmetrics-text; version=1.0.0", "# TYPE a_per_seconds gauge\n# UNIT a_per_seconds seconds\n",
			"# TYPE a_per_seconds gauge\n# UNIT a_per_seconds per_seconds\n", "a_per_seconds{x=\"1\"} 7\n", "a_per_seconds", "unit",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tail := ""
			if strings.HasPrefix(c.kind, "application") {
				tail = "# EOF\n"
			}
			p := &page{body: c.first + c.line + tail, kind: c.kind}
			s := start(t, scrape.Settings{Interval: tick}, scrape.Endpoint{URL: serve(t, p), Name: "web"})
			s.waitMore(2)
			p.set(c.second + c.line + tail)
			s.waitMore(3)
			p.set(c.first + c.line + tail)
			s.waitMore(3)
			r := s.finish()
			first, ok := r.Meta().Lookup("openmetrics.web." + c.metric)
			require.True(t, ok)
			second, ok := r.Meta().Lookup("openmetrics.web." + c.metric + "_2")
			require.True(t, ok, "a sibling")
			_, ok = r.Meta().Lookup("openmetrics.web." + c.metric + "_3")
			assert.False(t, ok, "the first one comes back")
			if c.differs == "sem" {
				assert.Equal(t, pcp.SemInstant, first.Sem)
				assert.Equal(t, pcp.SemCounter, second.Sem)
			}
			var order []string
			for step, err := range r.Steps(history.Query{}) {
				require.NoError(t, err)
				for _, mv := range step.Metrics {
					leaf, ok := strings.CutPrefix(mv.Metric.Name, "openmetrics.web.")
					if ok && len(mv.Points) > 0 && (len(order) == 0 || order[len(order)-1] != leaf) {
						order = append(order, leaf)
					}
				}
			}
			assert.Equal(t, []string{c.metric, c.metric + "_2", c.metric}, order, "one at a time")
			requireNothingVanished(t, s, r)
		})
	}
}

// TestStraggler: an endpoint that does not answer holds back the records of others
// for a moment only. Its own comes when it answers.
func TestStraggler(t *testing.T) {
	t.Parallel()
	answer := make(chan struct{})
	slow := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-answer:
		case <-r.Context().Done():
		}
		fmt.Fprintln(w, "s 1")
	})
	s := start(t, scrape.Settings{Interval: 30 * time.Second, Timeout: 30 * time.Second}, scrape.Endpoint{URL: serve(t, slow), Name: "slow"},
		scrape.Endpoint{URL: serve(t, &page{body: "q 1\n"}), Name: "quick"})
	s.wait(1)
	before, err := archive.Open(s.base, nil)
	require.NoError(t, err)
	assert.NotEmpty(t, flattened(t, before, flatten.Options{NoHealth: true})["q"], "on disk while the other is waited for")
	close(answer)
	s.wait(2)
	r := s.finish()
	got := flattened(t, r, flatten.Options{NoHealth: true})
	require.Len(t, got["s"], 1)
	require.Len(t, got["q"], 1)
	late := lossesOf(s.report)[string(prom.LossLate)+" slow"]
	if late == 0 { // it began last and keeps its time
		assert.GreaterOrEqual(t, got["s"][0].t, got["q"][0].t)
	} else {
		assert.Equal(t, got["q"][0].t, got["s"][0].t)
	}
	requireNothingVanished(t, s, r)
}

// TestRefusedEndpoint: an endpoint that the archive has no place for costs its own
// samples, which are counted, and is said once.
func TestRefusedEndpoint(t *testing.T) {
	t.Parallel()
	url := serve(t, &page{body: "a 1\nb 2\n"})
	s := start(t, scrape.Settings{Interval: tick}, scrape.Endpoint{URL: url + "/" + strings.Repeat("x", 70000), Name: "long"},
		scrape.Endpoint{URL: url, Name: "web"})
	require.Eventually(t, func() bool { return lossesOf(s.report)[string(prom.LossLabels)+" long"] >= 4 }, patience, time.Millisecond)
	s.waitMore(1)
	r := s.finish()
	losses := lossesOf(s.report)
	assert.Zero(t, losses[string(prom.LossLabels)+" long"]%2, "two samples a page")
	assert.Len(t, losses, 1)
	assert.Equal(t, 1, strings.Count(s.log.String(), "endpoint cannot be recorded"), s.log.String())
	assert.NotEmpty(t, flattened(t, r, flatten.Options{NoHealth: true})["a"])
}
