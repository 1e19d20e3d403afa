package record

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	promconfig "github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/discovery"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/internal/redact"
	"github.com/pcparchive/pcparchive/pcp"
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
	owners, err := loadOwners(o.Dir)
	if err != nil {
		return nil, err
	}
	p := &planner{o: o, cfg: cfg, owners: owners, taken: map[stem]string{}, names: map[string]string{}, used: map[string]bool{}}
	plan := &Plan{Jobs: []PlannedJob{}, Ignored: append([]string{}, cfg.Ignored...)}
	for _, job := range jobs {
		p.nameOf(job.JobName)
	}
	for _, job := range jobs {
		plan.Jobs = append(plan.Jobs, p.job(job))
	}
	return plan, nil
}

// planner makes a Plan.
type planner struct {
	o      Options
	cfg    *Config
	owners *owners
	taken  map[stem]string   // targets by the names of their archives
	names  map[string]string // components of metric names by job
	used   map[string]bool   // those components
}

// nameOf returns the component of metric names that stands for a job.
func (p *planner) nameOf(job string) string {
	if name := cmp.Or(p.cfg.Jobs[job].Name, p.names[job]); name != "" {
		return name
	}
	base := naming.SourceName(job)
	name := base
	for n := 2; p.used[name] || name == "control"; n++ { // as the registry does
		name = fmt.Sprintf("%s_%d", base, n)
	}
	p.names[job], p.used[name] = name, true
	return name
}

// job says what would be done with a job.
func (p *planner) job(job *promconfig.ScrapeConfig) PlannedJob {
	one := PlannedJob{
		Job: job.JobName, Interval: time.Duration(job.ScrapeInterval).String(), Timeout: time.Duration(job.ScrapeTimeout).String(),
		Discovery: []string{}, Targets: []PlannedTarget{},
	}
	for _, found := range job.ServiceDiscoveryConfigs {
		if _, static := found.(discovery.StaticConfig); !static {
			one.Discovery = append(one.Discovery, found.Name())
		}
	}
	slices.Sort(one.Discovery)
	for t := range listedTargets(job) {
		switch {
		case t.err != nil:
			one.Targets = append(one.Targets, PlannedTarget{Error: t.err.Error()})
		case t.labels.IsEmpty():
			one.Dropped++
		default:
			one.Targets = append(one.Targets, p.target(t))
		}
	}
	return one
}

// target says where a target would be recorded.
func (p *planner) target(t listedTarget) PlannedTarget {
	job, instance, target := t.labels.Get("job"), t.labels.Get("instance"), checksum(t.key())
	s := p.cfg.stemOf(p.o.Per, job, instance)
	if p.o.Per == PerTarget {
		s = s.choose(instance, target, func(s stem) bool {
			return (p.taken[s] == "" || p.taken[s] == target) && p.owners.mayHave(s, target)
		})
		p.taken[s] = target
	}
	source := p.nameOf(job)
	if p.o.Per != PerTarget && !p.cfg.Jobs[job].Single {
		source += instanceSuffix(redact.Address(instance))
	}
	return PlannedTarget{
		Instance: redact.Address(instance), URL: cmp.Or(p.cfg.Jobs[job].Address, redact.URL(t.url)),
		Archive: layout.Name{Host: s.host, Stem: s.name, Start: time.Now()}.Base(p.o.Dir),
		Metrics: fmt.Sprintf("%s.%s.", cmp.Or(p.o.Prefix, "openmetrics"), source),
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
	if h := cfg.Jobs[job].Host; h != "" && per != PerAll {
		host = h
	}
	return host, name
}

// hostLabel returns a host as the label of an archive can hold it. A checksum at the end of
// a shortened name tells it apart from others.
func hostLabel(host string, version pcp.Version) string {
	most := archive.LongestHost(version)
	if len(host) <= most {
		return host
	}
	sum := "-" + checksum(host)
	return strings.ToValidUTF8(host[:max(most-len(sum), 0)], "") + sum
}
