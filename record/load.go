package record

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	promconfig "github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/discovery"
	"github.com/prometheus/prometheus/discovery/file"

	"github.com/pcparchive/pcparchive/scrape"
)

// PrometheusFile is the Loader of a prometheus.yml.
type PrometheusFile struct{ Name string }

// Load reads the file by Prometheus' own loader.
func (f PrometheusFile) Load(_ context.Context, log *slog.Logger) (*Config, error) {
	cfg, ignored, err := scrape.LoadFile(f.Name, log)
	if err != nil {
		return nil, err
	}
	files := []string{f.Name}
	for _, pattern := range cfg.ScrapeConfigFiles {
		found, _ := filepath.Glob(pattern) // LoadFile reports a bad pattern
		files = append(append(files, filepath.Dir(pattern)), found...)
	}
	return &Config{Prometheus: cfg, Files: files, Ignored: ignored}, nil
}

// URLs is the Loader of endpoints without a configuration file.
type URLs struct {
	Endpoints []scrape.Endpoint
	Settings  scrape.Settings
}

// Load makes a job of each endpoint.
func (u URLs) Load(_ context.Context, log *slog.Logger) (*Config, error) {
	cfg, err := scrape.Config(u.Endpoints, u.Settings, log)
	if err != nil {
		return nil, err
	}
	jobs := map[string]Job{}
	for _, job := range cfg.ScrapeConfigs {
		jobs[job.JobName] = Job{Name: job.JobName, Single: true}
	}
	return &Config{Prometheus: cfg, Jobs: jobs}, nil
}

// ScrapeConfigs returns the jobs, with those of scrape_config_files.
func (c *Config) ScrapeConfigs() ([]*promconfig.ScrapeConfig, error) {
	return c.Prometheus.GetScrapeConfigs()
}

// firstScrape returns the time to add to the first scrapes. Prometheus spreads them over
// an interval. A few targets need no spreading, so that all are scraped within 5 seconds.
func firstScrape(cfg *Config) time.Duration {
	const soon, few = 5 * time.Second, 500
	jobs, err := cfg.ScrapeConfigs()
	if err != nil {
		return 0
	}
	longest, targets := soon, 0
	for _, job := range jobs {
		longest = max(longest, time.Duration(job.ScrapeInterval))
		targets += staticTargets(job.ServiceDiscoveryConfigs)
	}
	if targets > few {
		return 0
	}
	return soon - longest
}

// staticTargets returns the number of targets that a configuration lists. It estimates
// those in files.
func staticTargets(all discovery.Configs) (n int) {
	const perTarget = 30 // bytes of a target in a file
	for _, one := range all {
		switch one := one.(type) {
		case discovery.StaticConfig:
			for _, group := range one {
				n += len(group.Targets)
			}
		case *file.SDConfig:
			for _, pattern := range one.Files {
				names, _ := filepath.Glob(pattern) // discovery reports a bad pattern
				for _, name := range names {
					if info, err := os.Stat(name); err == nil {
						n += int(info.Size() / perTarget)
					}
				}
			}
		}
	}
	return n
}
