package scrape

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	promconfig "github.com/prometheus/prometheus/config"
	"go.yaml.in/yaml/v2"

	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/internal/lazyregexp"
	"github.com/pcparchive/pcparchive/internal/redact"
)

// Endpoint is a URL to record and the name of its source.
type Endpoint struct {
	URL  string
	Name string // empty means a name made from the URL's host
}

// Settings apply to all endpoints of a recording.
type Settings struct {
	Interval  time.Duration
	Timeout   time.Duration // zero means the interval, at most 10 s
	BodyLimit int64         // size of the longest page in bytes; zero means no limit
	// Extra holds settings of Prometheus' scrape_config in YAML, such as
	// authorization, tls_config or metric_relabel_configs. It must not repeat the
	// other settings or parts of the endpoints' URLs.
	Extra []byte
}

// Config returns a Prometheus configuration with a job for each endpoint, named after
// its source. Its errors contain no user info, query or setting that may be a secret.
func Config(endpoints []Endpoint, s Settings, log *slog.Logger) (*promconfig.Config, error) {
	var hide secrets
	for _, e := range endpoints {
		hide.addURL(e.URL)
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	cfg, err := configOf(endpoints, s, &hide, slog.New(redactHandler{log.Handler(), &hide}))
	return cfg, hide.error(err)
}

func configOf(endpoints []Endpoint, s Settings, hide *secrets, log *slog.Logger) (*promconfig.Config, error) {
	extra := map[string]any{}
	if err := yaml.Unmarshal(s.Extra, &extra); err != nil {
		return nil, fmt.Errorf("scrape settings: %w", withoutValues(err))
	}
	hide.addYAML(extra, false)
	if err := s.refuse(extra, len(endpoints)); err != nil {
		return nil, fmt.Errorf("scrape settings: %w", err)
	}
	taken := map[string]bool{}
	var jobs []map[string]any
	for _, e := range endpoints {
		job, err := jobOf(e, taken)
		if err != nil {
			return nil, err
		}
		for key := range extra {
			if _, twice := job[key]; twice && (key != "metrics_path" || job[key] != "/") {
				return nil, fmt.Errorf("scrape settings: %s: the URL %s sets it", key, redact.ShowURL(e.URL))
			}
		}
		s.complete(job)
		maps.Copy(job, extra)
		jobs = append(jobs, job)
	}
	text, err := yaml.Marshal(map[string]any{"scrape_configs": jobs})
	if err != nil {
		return nil, err
	}
	cfg, err := promconfig.Load(string(text), log)
	if err != nil {
		return nil, fmt.Errorf("scrape settings: %w", withoutValues(lackingDiscovery(err)))
	}
	return cfg, nil
}

// complete adds the settings that are the same for all endpoints.
func (s Settings) complete(job map[string]any) {
	job["scrape_interval"] = model.Duration(s.Interval).String()
	timeout := cmp.Or(s.Timeout, min(s.Interval, 10*time.Second))
	job["scrape_timeout"] = model.Duration(timeout).String()
	// Samples keep their labels; the archive stores the target's labels separately.
	job["honor_labels"] = true
	// A server that states no content type most likely sends the text format.
	job["fallback_scrape_protocol"] = "PrometheusText0.0.4"
	if s.BodyLimit > 0 {
		job["body_size_limit"] = fmt.Sprintf("%dB", s.BodyLimit)
	}
}

// refuse returns an error if extra contains a setting that the URLs or the other
// settings have, because one of the two values would be ignored silently. It also
// rejects discovery with several endpoints, because each would get the targets.
func (s Settings) refuse(extra map[string]any, endpoints int) error {
	for _, key := range slices.Sorted(maps.Keys(extra)) {
		switch {
		case key == "static_configs":
			return errors.New("static_configs: the URLs on the command line are the targets")
		case key == "job_name":
			return errors.New("job_name: give the name with the URL, as NAME=URL")
		case key == "scrape_interval":
			return errors.New("scrape_interval: --interval sets it")
		case key == "scrape_timeout" && s.Timeout > 0:
			return errors.New("scrape_timeout: --timeout sets it")
		case key == "body_size_limit" && s.BodyLimit > 0:
			return errors.New("body_size_limit: --body-limit sets it")
		case strings.HasSuffix(key, discoverySuffix) && endpoints > 1:
			return fmt.Errorf("%s: every one of the %d URLs would get the discovered targets; give one URL", key, endpoints)
		}
	}
	return nil
}

const discoverySuffix = "_sd_configs"

// quotedInYAML finds values that the YAML reader quotes.
var quotedInYAML = lazyregexp.New("`[^`]*`|'[^']*'")

// withoutValues returns an error of the YAML reader without the values it quotes.
func withoutValues(err error) error {
	text := quotedInYAML().ReplaceAllString(err.Error(), hidden)
	if text == err.Error() {
		return err
	}
	return errors.New(text)
}

// jobOf returns the part of a job's configuration that its URL determines.
func jobOf(e Endpoint, taken map[string]bool) (map[string]any, error) {
	u, err := url.Parse(e.URL)
	if err != nil {
		return nil, fmt.Errorf("%q is not a URL: %s", redact.ShowURL(e.URL), urlFault(err))
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("%q is not an http or https URL", redact.ShowURL(e.URL))
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

// urlFault returns why a URL cannot be parsed, without the part of it that the error
// quotes.
func urlFault(err error) string {
	var fault *url.Error
	if errors.As(err, &fault) {
		err = fault.Err
	}
	reason, _, _ := strings.Cut(err.Error(), "\"")
	return strings.TrimSpace(reason)
}

// sourceName returns the endpoint's name. Without one, it makes a name from the host,
// and adds port and number if that name is taken.
func sourceName(e Endpoint, u *url.URL, taken map[string]bool) (string, error) {
	if e.Name != "" {
		if !naming.ValidComponent(e.Name) || e.Name == "control" {
			return "", fmt.Errorf("source name %q: want a letter followed by letters, digits and underscores; control is reserved", e.Name)
		}
		if taken[e.Name] {
			return "", fmt.Errorf("source name %q is used twice", e.Name)
		}
		taken[e.Name] = true
		return e.Name, nil
	}
	name := naming.SourceName(u.Hostname())
	if taken[name] {
		name = naming.SourceName(u.Host)
	}
	for n, base := 2, name; taken[name] || name == "control"; n++ {
		name = fmt.Sprintf("%s_%d", base, n)
	}
	taken[name] = true
	return name, nil
}

// CommonHost returns the host of all URLs. If the URLs have different hosts or a
// loopback address, it returns the name of this host.
func CommonHost(endpoints []Endpoint) string {
	host := ""
	for _, e := range endpoints {
		u, err := url.Parse(e.URL)
		if err != nil || host != "" && u.Hostname() != host {
			return mapper.LocalHost()
		}
		host = u.Hostname()
	}
	if host == "" || mapper.IsLoopback(host) {
		return mapper.LocalHost()
	}
	return host
}

// ParseEndpoint reads "URL" or "name=URL".
func ParseEndpoint(arg string) Endpoint {
	if name, rest, ok := strings.Cut(arg, "="); ok && naming.ValidComponent(name) {
		return Endpoint{URL: rest, Name: name}
	}
	return Endpoint{URL: arg}
}
