package scrape_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/scrape"
)

// The labels of a target come back on all of its series, also of its health. A label that
// relabelling or the page takes from a sample stays away.
func TestTargetLabels(t *testing.T) {
	t.Parallel()
	page := &page{body: "a 1\nb{x=\"y\"} 2\nc{env=\"own\"} 3\nd{instance=\"\"} 4\ne{x=\"y\"} 5\n"}
	extra := `
relabel_configs:
- {target_label: env, replacement: prod}
- {target_label: url, replacement: "http://me:secret@h/"}
- {target_label: instance, replacement: i1}
metric_relabel_configs:
- {source_labels: [__name__], regex: e, target_label: env, replacement: ""}
`
	s := start(t, scrape.Settings{Interval: tick, Extra: []byte(extra)}, scrape.Endpoint{URL: serve(t, page), Name: "web"})
	s.waitMore(2)
	got := flattened(t, s.finish(), flatten.Options{TargetLabels: true})
	url := `job="web" url="http://…@h/"`
	for _, want := range []string{
		`a env="prod" instance="i1" ` + url, `b env="prod" instance="i1" ` + url + ` x="y"`, `c env="own" instance="i1" ` + url,
		`d env="prod" ` + url, `e instance="i1" ` + url + ` x="y"`, `up env="prod" instance="i1" ` + url,
	} {
		assert.Contains(t, got, want)
	}
	for key := range got {
		assert.NotContains(t, key, "secret")
	}
	assert.Empty(t, s.report.Losses())
}

// Labels of a target that no archive holds cost the labels, and not the target.
func TestLongTargetLabels(t *testing.T) {
	t.Parallel()
	extra := fmt.Sprintf("relabel_configs: [{target_label: env, replacement: %s}]", strings.Repeat("x", 70_000))
	s := start(t, scrape.Settings{Interval: tick, Extra: []byte(extra)}, scrape.Endpoint{URL: serve(t, &page{body: "a 1\n"}), Name: "web"})
	s.waitMore(1)
	assert.Contains(t, flattened(t, s.finish(), flatten.Options{}), "a")
	assert.Equal(t, []prom.LossCount{{Loss: prom.LossLabels, Name: "web", Count: 1}}, s.report.Losses())
}

// A job with extra_scrape_metrics has three more series, others do not.
func TestExtraScrapeMetrics(t *testing.T) {
	t.Parallel()
	for extra, want := range map[string]bool{"extra_scrape_metrics: true\nsample_limit: 7\n": true, "sample_limit: 7\n": false} {
		s := start(t, scrape.Settings{Interval: tick, Extra: []byte(extra)}, scrape.Endpoint{URL: serve(t, &page{body: "abc 1\n"}), Name: "web"})
		s.waitMore(2)
		got := map[string]float64{}
		for key, values := range flattened(t, s.finish(), flatten.Options{}) {
			name, _, _ := strings.Cut(key, " ")
			got[name] = values[0].v
		}
		for name, value := range map[string]float64{"scrape_timeout_seconds": tick.Seconds(), "scrape_sample_limit": 7, "scrape_body_size_bytes": 6} {
			v, has := got[name]
			assert.Equal(t, want, has, name)
			if want {
				assert.InDelta(t, value, v, 1e-9, name)
			}
		}
	}
}
