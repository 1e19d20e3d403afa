package scrape_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/scrape"
)

func TestConfigRefuses(t *testing.T) {
	for _, test := range []struct{ name, url, extra, want string }{
		{"web", "ftp://x/metrics", "", "not an http or https URL"},
		{"9web", "http://x/metrics", "", "want a letter"},
		{"control", "http://x/metrics", "", "control is reserved"},
		{"web", "http://x/metrics", "no_such_setting: 1", "no_such_setting"},
		{"web", "http://x/metrics", "- [", "scrape settings"},
		{"web", "http://x/metrics", "static_configs: [{targets: [y]}]", "static_configs: the URLs on the command line are the targets"},
		{"web", "http://x/metrics", "job_name: y", "job_name: give the name with the URL"},
		{"web", "http://x/metrics", "metrics_path: /y", "metrics_path: the URL http://x/metrics sets it"},
		{"web", "http://x/metrics", "scheme: https", "scheme: the URL"},
		{"web", "http://x/?a=b", "params: {c: [d]}", "params: the URL http://x/?… sets it"},
		{"web", "http://u:p@x/", "basic_auth: {username: c}", "basic_auth: the URL http://…@x/ sets it"},
		{"web", "http://x/metrics", "scrape_interval: 5s", "--interval sets it"},
		{"web", "http://x/metrics", "nosuch_sd_configs: []", "nosuch_sd_configs: this program lacks that discovery; it has dns_sd_configs"},
	} {
		_, err := scrape.Config([]scrape.Endpoint{{URL: test.url, Name: test.name}},
			scrape.Settings{Interval: time.Second, Extra: []byte(test.extra)}, nil)
		assert.ErrorContains(t, err, test.want)
	}
	cfg, err := scrape.Config([]scrape.Endpoint{{URL: "http://a/"}}, scrape.Settings{Interval: 1500 * time.Millisecond}, nil)
	require.NoError(t, err, "an interval of fractions of a second")
	assert.Equal(t, 1500*time.Millisecond, time.Duration(cfg.ScrapeConfigs[0].ScrapeInterval))
	_, err = scrape.Config([]scrape.Endpoint{{URL: "http://a/", Name: "x"}, {URL: "http://b/", Name: "x"}},
		scrape.Settings{Interval: time.Second}, nil)
	assert.ErrorContains(t, err, "used twice")
	cfg, err = scrape.Config([]scrape.Endpoint{{URL: "http://a"}}, scrape.Settings{Interval: time.Second, Extra: []byte("metrics_path: /m\nparams: {c: [d]}")}, nil)
	require.NoError(t, err, "what the URL leaves open")
	assert.Equal(t, "/m", cfg.ScrapeConfigs[0].MetricsPath)
	_, err = scrape.Config([]scrape.Endpoint{{URL: "http://a/"}, {URL: "http://b/"}},
		scrape.Settings{Interval: time.Second, Extra: []byte("file_sd_configs: [{files: [x.json]}]")}, nil)
	assert.ErrorContains(t, err, "file_sd_configs: every one of the 2 URLs would get the discovered targets")
}

// Secrets in a URL are used and not recorded.
func TestSecretsStayOut(t *testing.T) {
	var user, pass, query string
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, pass, _ = r.BasicAuth()
		query = r.URL.RawQuery
		fmt.Fprintln(w, "a 1")
	})
	url := strings.Replace(serve(t, h), "http://", "http://me:secret@", 1) + "?token=hush"
	s := start(t, scrape.Settings{Interval: tick}, scrape.Endpoint{URL: url, Name: "web"})
	s.waitMore(1)
	r := s.finish()
	assert.Equal(t, []string{"me", "secret", "token=hush"}, []string{user, pass, query})
	for l := range r.Meta().AllLabels() {
		for _, set := range l.Sets {
			assert.NotContains(t, set.Set.JSON(), "secret")
			assert.NotContains(t, set.Set.JSON(), "hush")
		}
	}
}

// Two recordings of one process say each who they are.
func TestUserAgents(t *testing.T) {
	t.Parallel()
	for _, agent := range []string{"one/1", "two/2", ""} {
		t.Run(agent, func(t *testing.T) {
			t.Parallel()
			agents := make(chan string, 100)
			url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				agents <- r.UserAgent()
				fmt.Fprintln(w, "a 1")
			}))
			s := startWith(t, scrape.RunOptions{UserAgent: agent, StartNow: true}, scrape.Settings{Interval: tick}, scrape.Endpoint{URL: url, Name: "web"})
			s.waitMore(1)
			s.finish()
			if agent == "" {
				assert.Contains(t, <-agents, "Prometheus")
				return
			}
			assert.Equal(t, agent, <-agents)
		})
	}
}
