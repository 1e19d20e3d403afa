package record

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	promconfig "github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/discovery"
	"github.com/prometheus/prometheus/discovery/targetgroup"
	"github.com/prometheus/prometheus/model/labels"
	promscrape "github.com/prometheus/prometheus/scrape"

	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/internal/redact"
	"github.com/pcparchive/pcparchive/record/layout"
)

// Plan says what a Recorder would do.
type Plan struct {
	Jobs    []PlannedJob `json:"jobs"`
	Ignored []string     `json:"ignored_sections"`
}

// PlannedJob is a job of a Plan.
type PlannedJob struct {
	Job       string          `json:"job"`
	Interval  string          `json:"interval"`
	Timeout   string          `json:"timeout"`
	Discovery []string        `json:"discovery"` // the kinds of discovery that find further targets
	Targets   []PlannedTarget `json:"targets"`
	Dropped   int             `json:"dropped"` // targets that relabelling drops
}

// PlannedTarget is a target of a Plan that the configuration lists.
type PlannedTarget struct {
	Instance string `json:"instance"`
	URL      string `json:"url"` // without user, password and query
	Archive  string `json:"archive"`
	Metrics  string `json:"metrics"` // how their names begin
	Error    string `json:"error,omitempty"`
}

// Check loads a configuration and says what a Recorder would do with it. It writes
// nothing.
func Check(ctx context.Context, o Options) (*Plan, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	cfg, err := o.Loader.Load(ctx, o.Log)
	if err != nil {
		return nil, err
	}
	jobs, err := cfg.ScrapeConfigs()
	if err != nil {
		return nil, err
	}
	p := &Plan{Jobs: []PlannedJob{}, Ignored: append([]string{}, cfg.Ignored...)}
	taken := map[string]bool{}
	for _, job := range jobs {
		one := PlannedJob{
			Job: job.JobName, Interval: time.Duration(job.ScrapeInterval).String(), Timeout: time.Duration(job.ScrapeTimeout).String(),
			Discovery: []string{}, Targets: []PlannedTarget{},
		}
		for _, found := range job.ServiceDiscoveryConfigs {
			static, ok := found.(discovery.StaticConfig)
			if !ok {
				one.Discovery = append(one.Discovery, found.Name())
				continue
			}
			for _, group := range static {
				one.add(o, cfg, job, group, taken)
			}
		}
		slices.Sort(one.Discovery)
		p.Jobs = append(p.Jobs, one)
	}
	return p, nil
}

// add adds the targets of a group.
func (p *PlannedJob) add(o Options, cfg *Config, job *promconfig.ScrapeConfig, group *targetgroup.Group, taken map[string]bool) {
	targets, failures := promscrape.TargetsFromGroup(group, job, nil, labels.NewBuilder(labels.EmptyLabels()))
	for _, err := range failures {
		p.Targets = append(p.Targets, PlannedTarget{Error: err.Error()})
	}
	for _, target := range targets {
		lset := target.Labels(labels.NewBuilder(labels.EmptyLabels()))
		if lset.IsEmpty() {
			p.Dropped++
			continue
		}
		p.Targets = append(p.Targets, planTarget(o, cfg, lset, target.URL().String(), taken))
	}
}

// planTarget says where a target would be recorded.
func planTarget(o Options, cfg *Config, lset labels.Labels, url string, taken map[string]bool) PlannedTarget {
	job, instance := lset.Get("job"), lset.Get("instance")
	host, name := placeOf(o.Per, cfg, job, instance)
	place := layout.Name{Host: layout.Part(host), Stem: layout.Part(name), Start: time.Now()}
	if base := place.Base(o.Dir); o.Per == PerTarget && taken[base] {
		place.Stem += "-" + layout.Part(instance[strings.LastIndexByte(instance, ':')+1:])
	}
	taken[place.Base(o.Dir)] = true
	source := cfg.Jobs[job].Name
	if source == "" {
		source = naming.SourceName(job)
	}
	if o.Per != PerTarget && !cfg.Jobs[job].Single {
		source += instanceSuffix(redact.Address(instance))
	}
	prefix := o.Prefix
	if prefix == "" {
		prefix = "openmetrics"
	}
	url = redact.URL(url)
	if address := cfg.Jobs[job].Address; address != "" {
		url = address
	}
	return PlannedTarget{
		Instance: redact.Address(instance), URL: url, Archive: place.Base(o.Dir), Metrics: fmt.Sprintf("%s.%s.", prefix, source),
	}
}

// placeOf returns the host and the name of the archives of a target.
func placeOf(per Per, cfg *Config, job, instance string) (host, name string) {
	host, name = mapper.LocalHost(), "all"
	if per == PerTarget {
		host = hostOf(instance)
	}
	if per != PerAll {
		name = cfg.nameOf(job)
	}
	if h := cfg.Jobs[job].Host; h != "" {
		host = h
	}
	return host, name
}
