package scrape_test

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/scrape"
)

// TestHostilePages: no page ends a recording. It fails the scrape of its endpoint,
// or costs the samples that no archive holds, and both are said; the next page of
// the endpoint and the other endpoints are recorded.
func TestHostilePages(t *testing.T) {
	t.Parallel()
	const mib = 1 << 20
	long := func(n int) string { return strings.Repeat("z", n) }
	var many strings.Builder
	for i := range 70000 {
		fmt.Fprintf(&many, "l%d=\"1\",", i)
	}
	open := "application/openmetrics-text; version=1.0.0"
	for name, c := range map[string]struct {
		body, kind string
		fails      string // part of the reason; "": the scrape succeeds
	}{
		"label of 16 MiB":                  {body: "m{l=\"" + long(16*mib) + "\"} 1\nok 1\n", fails: "cannot be read"},
		"label of 16 MiB, OpenMetrics":     {body: "m{l=\"" + long(16*mib) + "\"} 1\nok 1\n# EOF\n", kind: open, fails: "cannot be read"},
		"label name of 16 MiB":             {body: "m{" + long(16*mib) + "=\"1\"} 1\nok 1\n", fails: "cannot be read"},
		"name of 16 MiB":                   {body: long(16*mib) + " 1\nok 1\n", fails: "cannot be read"},
		"exemplar of 16 MiB":               {body: "# TYPE m counter\nm_total 1 # {l=\"" + long(16*mib) + "\"} 1\n# EOF\n", kind: open, fails: "cannot be read"},
		"after other lines":                {body: "a 1\na{x=\"1\"} 2\nm{l=\"" + long(16*mib) + "\"} 1\nok 1\n", fails: "cannot be read"},
		"label of just below 16 MiB":       {body: "m{l=\"" + long(16*mib-1) + "\"} 1\nok 1\n"},
		"label of 70,000 bytes":            {body: "m{l=\"" + long(70000) + "\"} 1\nok 1\n"},
		"label of 65,000 bytes":            {body: "m{l=\"" + long(65000) + "\"} 1\nok 1\n"},
		"name of 5,000 bytes":              {body: long(5000) + " 1\nok 1\n"},
		"name of 4,001 bytes":              {body: long(4001-len("openmetrics.web.")) + " 1\nok 1\n"},
		"name of 4,000 bytes":              {body: long(4000-len("openmetrics.web.")) + "{x=\"1\"} 1\n" + long(4000-len("openmetrics.web.")) + " 1\nok 1\n"},
		"name of 5,000 bytes, escaped":     {body: "{\"" + strings.Repeat("é", 1500) + "\"} 1\nok 1\n"},
		"name of 70,000 bytes":             {body: long(70000) + " 1\nok 1\n"},
		"name of a megabyte":               {body: long(mib) + " 1\nok 1\n"},
		"name of a megabyte in pieces":     {body: strings.Repeat("z:", mib/2) + "z 1\nok 1\n"},
		"label name of a megabyte":         {body: "m{" + long(mib) + "=\"1\"} 1\nok 1\n"},
		"70,000 labels":                    {body: "m{" + many.String() + "} 1\nok 1\n"},
		"help of 17 MiB":                   {body: "# HELP ok " + long(17*mib) + "\nok 1\n"},
		"type of a name of a megabyte":     {body: "# TYPE " + long(mib) + " gauge\n" + long(mib) + " 1\nok 1\n"},
		"text of 20 MiB that does not end": {body: "m{l=\"" + long(20*mib) + "\n", fails: "expected label value"},
		"byte 0":                           {body: "m 1\x00\nok 1\n\x00\n", fails: ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &page{body: "ok 0\na 1\n"}
			s := start(t, scrape.Settings{Interval: 2 * tick},
				scrape.Endpoint{URL: serve(t, p), Name: "web"}, scrape.Endpoint{URL: serve(t, &page{body: "other 1\n"}), Name: "good"})
			s.waitMore(2)
			p.mu.Lock()
			p.body, p.kind = c.body, c.kind
			p.mu.Unlock()
			if c.fails != "" {
				require.Eventually(t, func() bool { return strings.Contains(s.log.String(), c.fails) }, patience, tick/10)
			} else {
				s.wait(s.rec.Stats().Scrapes + 6)
			}
			p.mu.Lock()
			p.body, p.kind = "ok 7\n", ""
			p.mu.Unlock()
			s.waitMore(6)
			r := s.finish()
			got := flattened(t, r, flatten.Options{NoHealth: true})
			// A scrape that runs out of time on a busy machine ends its series: that is
			// not the page's doing.
			ok := slices.DeleteFunc(got["ok"], func(sm timedValue) bool { return prom.IsStale(sm.v) })
			require.NotEmpty(t, ok)
			assert.Equal(t, 7.0, ok[len(ok)-1].v, "the next page")
			assert.NotEmpty(t, got["other"])
			late := timeouts(t, r, "good")
			for _, sm := range got["other"] {
				assert.False(t, prom.IsStale(sm.v) && !late[sm.t], "stale at %d without a timeout", sm.t)
			}
			texts, _ := statuses(t, r)
			found := c.fails == ""
			for _, text := range texts {
				assert.Less(t, len(text), 2000)
				found = found || text != "success" && strings.Contains(text, c.fails)
			}
			assert.True(t, found, "%q in %.300q", c.fails, texts)
			if c.fails == "" && c.body != "m 1\x00\nok 1\n\x00\n" {
				requireNothingVanished(t, s, r)
			}
		})
	}
}

// timeouts returns the times in milliseconds of the scrapes of an endpoint that ran
// out of time.
func timeouts(t *testing.T, r *archive.Reader, endpoint string) map[int64]bool {
	t.Helper()
	late := map[int64]bool{}
	for step, err := range r.Steps(history.Query{}) {
		require.NoError(t, err)
		for _, mv := range step.Metrics {
			if mv.Metric.Name != "openmetrics.control.status" {
				continue
			}
			for _, p := range mv.Points {
				if p.Series.Inst.Name == endpoint && strings.Contains(p.Value.Text(), context.DeadlineExceeded.Error()) {
					late[step.Stamp.Milli()] = true
				}
			}
		}
	}
	return late
}

// TestHostileTargets: labels of targets that no scraper takes cost these targets.
func TestHostileTargets(t *testing.T) {
	t.Parallel()
	url := serve(t, &page{body: "a 1\n"})
	host := strings.TrimSuffix(strings.TrimPrefix(url, "http://"), "/metrics")
	file := filepath.Join(t.TempDir(), "targets.json")
	writeFile(t, file, fmt.Sprintf(`[{"targets": ["h:1"], "labels": {"l": %q}}, {"targets": [%q], "labels": {"l": "x"}}]`, strings.Repeat("z", 16<<20), host))
	s := start(t, scrape.Settings{Interval: tick, Extra: []byte("file_sd_configs: [{files: [" + file + "]}]")}, scrape.Endpoint{URL: url, Name: "web"})
	require.Eventually(t, func() bool { return s.rec.Stats().Sources == 2 && s.rec.Stats().Series == 2 }, patience, time.Millisecond)
	s.finish()
	assert.Contains(t, s.log.String(), "targets left out: their labels are too long")
}

// TestPanicsOfOthers: the guard leaves alone panics that are no scrape's.
func TestPanicsOfOthers(t *testing.T) {
	t.Parallel()
	s := start(t, scrape.Settings{Interval: tick}, scrape.Endpoint{URL: serve(t, http.NotFoundHandler()), Name: "web"})
	s.wait(1)
	s.finish()
	span := startSpan(t)
	assert.PanicsWithValue(t, "mine", func() {
		defer span.End()
		panic("mine")
	})
}
