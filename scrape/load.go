package scrape

import (
	"fmt"
	"log/slog"
	"os"

	httpconfig "github.com/prometheus/common/config"
	promconfig "github.com/prometheus/prometheus/config"
	"go.yaml.in/yaml/v2"

	"github.com/pcparchive/pcparchive/internal/lazyregexp"
)

// LoadFile reads a configuration of Prometheus by Prometheus' own loader, with the files
// of scrape_config_files. It checks what Prometheus checks when it applies the
// configuration: that the files of TLS settings and secrets can be read. ignored names the
// sections that do not concern a scraper. The error contains no value that may be a
// secret.
func LoadFile(name string, log *slog.Logger) (cfg *promconfig.Config, ignored []string, err error) {
	var hide secrets
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, nil, err
	}
	top := map[string]any{}
	if yaml.Unmarshal(text, &top) == nil { // otherwise LoadFile reports the mistake
		hide.addYAML(top, false)
	}
	cfg, err = promconfig.LoadFile(name, false, slog.New(redactHandler{log.Handler(), &hide}))
	if err != nil {
		return nil, nil, hide.error(withoutValues(lackingDiscovery(err)))
	}
	hide.addConfig(cfg)
	jobs, err := cfg.GetScrapeConfigs()
	if err != nil {
		return nil, nil, hide.error(withoutValues(lackingDiscovery(err)))
	}
	for _, job := range jobs {
		hide.addConfig(job)
		if _, err := httpconfig.NewClientFromConfig(job.HTTPClientConfig, job.JobName); err != nil {
			return nil, nil, hide.error(fmt.Errorf("%s: job %s: %w", name, job.JobName, err))
		}
	}
	for _, section := range otherSections {
		if _, has := top[section]; has {
			ignored = append(ignored, section)
		}
	}
	return cfg, ignored, nil
}

// otherSections are the sections of prometheus.yml that do not concern a scraper.
var otherSections = []string{"alerting", "otlp", "remote_read", "remote_write", "rule_files", "storage", "tracing"}

var unknownField = lazyregexp.New(`field (\w+` + discoverySuffix + `) not found`)

// lackingDiscovery explains the error for a service discovery that this binary lacks.
func lackingDiscovery(err error) error {
	found := unknownField().FindStringSubmatch(err.Error())
	if found == nil {
		return err
	}
	return fmt.Errorf("%s: this program lacks that discovery; it has %s, and with -tags allsd all of Prometheus", found[1], knownDiscoveries)
}
