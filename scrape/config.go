package scrape

import (
	"cmp"
	"fmt"
	"log/slog"
	"maps"
	"net/url"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	promconfig "github.com/prometheus/prometheus/config"
	"go.yaml.in/yaml/v2"

	"github.com/pcparchive/pcparchive/convert"
)

// Endpoint is a URL to record and the name of its source.
type Endpoint struct {
	URL  string
	Name string // "": made from the URL's host
}

// Settings are what all endpoints of a recording share.
type Settings struct {
	Interval  time.Duration
	Timeout   time.Duration // 0: the interval, at most 10 s
	BodyLimit int64         // bytes, 0: none
	// Extra holds settings of Prometheus' scrape_config in YAML, such as
	// authorization, tls_config or metric_relabel_configs.
	Extra []byte
}

// Config returns a Prometheus configuration that scrapes the endpoints, one job
// each, named as its source.
func Config(endpoints []Endpoint, s Settings, log *slog.Logger) (*promconfig.Config, error) {
	extra := map[string]any{}
	if err := yaml.Unmarshal(s.Extra, &extra); err != nil {
		return nil, fmt.Errorf("scrape settings: %w", err)
	}
	taken := map[string]bool{}
	var jobs []map[string]any
	for _, e := range endpoints {
		job, err := jobOf(e, taken)
		if err != nil {
			return nil, err
		}
		job["scrape_interval"] = model.Duration(s.Interval).String()
		job["scrape_timeout"] = model.Duration(cmp.Or(s.Timeout, min(s.Interval, 10*time.Second))).String()
		// The page's labels are its samples' own; the target's are kept apart.
		job["honor_labels"] = true
		// A server that does not say what it sends most likely sends this.
		job["fallback_scrape_protocol"] = "PrometheusText0.0.4"
		if s.BodyLimit > 0 {
			job["body_size_limit"] = fmt.Sprintf("%dB", s.BodyLimit)
		}
		maps.Copy(job, extra)
		jobs = append(jobs, job)
	}
	text, err := yaml.Marshal(map[string]any{"scrape_configs": jobs})
	if err != nil {
		return nil, err
	}
	cfg, err := promconfig.Load(string(text), log)
	if err != nil {
		return nil, fmt.Errorf("scrape settings: %w", err)
	}
	return cfg, nil
}

// jobOf returns the part of a job's configuration that its URL determines.
func jobOf(e Endpoint, taken map[string]bool) (map[string]any, error) {
	u, err := url.Parse(e.URL)
	if err != nil {
		return nil, err
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("%q is not an http or https URL", e.URL)
	}
	name, err := sourceName(e, u, taken)
	if err != nil {
		return nil, err
	}
	job := map[string]any{
		"job_name": name, "scheme": u.Scheme, "metrics_path": cmp.Or(u.Path, "/"),
		"static_configs": []map[string]any{{"targets": []string{u.Host}}},
	}
	if q := u.Query(); len(q) > 0 {
		job["params"] = map[string][]string(q)
	}
	if u.User != nil {
		password, _ := u.User.Password()
		job["basic_auth"] = map[string]any{"username": u.User.Username(), "password": password}
	}
	return job, nil
}

// sourceName returns the endpoint's name or one made from its host and, where
// that is taken, its port and a number.
func sourceName(e Endpoint, u *url.URL, taken map[string]bool) (string, error) {
	if e.Name != "" {
		if !convert.ValidComponent(e.Name) || e.Name == "control" {
			return "", fmt.Errorf("source name %q: want a letter, then letters, digits and underscores, and not control", e.Name)
		}
		if taken[e.Name] {
			return "", fmt.Errorf("source name %q is used twice", e.Name)
		}
		taken[e.Name] = true
		return e.Name, nil
	}
	name := convert.SourceName(u.Hostname())
	if taken[name] {
		name = convert.SourceName(u.Host)
	}
	for n, base := 2, name; taken[name] || name == "control"; n++ {
		name = fmt.Sprintf("%s_%d", base, n)
	}
	taken[name] = true
	return name, nil
}

// ParseEndpoint reads "URL" or "name=URL".
func ParseEndpoint(arg string) Endpoint {
	if name, rest, ok := strings.Cut(arg, "="); ok && convert.ValidComponent(name) {
		return Endpoint{URL: rest, Name: name}
	}
	return Endpoint{URL: arg}
}
