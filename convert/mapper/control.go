package mapper

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// Health describes one scrape of an endpoint.
type Health struct {
	Up          float64       // 1 if the scrape succeeded, else 0
	Duration    float64       // of the whole scrape, in seconds
	Scraped     float64       // samples on the page
	PostRelabel float64       // samples left after relabelling
	Added       float64       // series that the previous scrape did not have
	Fetch       time.Duration // time spent fetching the page
	Parse       time.Duration // time spent parsing the page
	Err         error         // nil if the scrape succeeded
	Extra       *ExtraHealth  // nil unless the job has extra_scrape_metrics
}

// ExtraHealth describes a scrape of a job with extra_scrape_metrics.
type ExtraHealth struct {
	Timeout     float64 // seconds
	SampleLimit float64 // 0 means no limit
	BodySize    float64 // bytes; -1 if the page exceeded its limit
}

// controlMetric is a metric openmetrics.control.*. The first five have the numbers
// of PCP's agent. The agent's sixth, debug (4), says nothing about an endpoint and
// is left out. The others are Prometheus' own, whose names come back on export.
type controlMetric struct {
	item  uint32
	name  string // the last component of the PCP name
	typ   pcp.Type
	sem   pcp.Semantics
	units pcp.Units
	prom  string // the Prometheus name; "" for metrics of PCP's agent
	help  string
	value func(*controlState, Health) history.Value
}

var (
	unitMillisec = pcp.Units{DimTime: 1, ScaleTime: pcp.TimeMillisec}
	unitSec      = pcp.Units{DimTime: 1, ScaleTime: pcp.TimeSec}
)

// firstExtra is the number of the first control metric that only scrapes with Health.Extra
// have.
const firstExtra = 21

var controlMetrics = []controlMetric{
	{1, "calls", pcp.TypeU64, pcp.SemCounter, naming.CountUnits, "", "scrapes of the endpoint",
		func(s *controlState, _ Health) history.Value { return s.u64(s.calls) }},
	{2, "fetch_time", pcp.TypeU64, pcp.SemCounter, unitMillisec, "", "time spent fetching from the endpoint",
		func(s *controlState, _ Health) history.Value { return s.u64(uint64(s.fetch.Milliseconds())) }},
	{3, "parse_time", pcp.TypeU64, pcp.SemCounter, unitMillisec, "", "time spent parsing what the endpoint sent",
		func(s *controlState, _ Health) history.Value { return s.u64(uint64(s.parse.Milliseconds())) }},
	{5, "status", pcp.TypeString, pcp.SemInstant, pcp.Units{}, "", "success, or why the last scrape failed",
		func(s *controlState, h Health) history.Value { return history.StringValue(s.inst, status(h.Err)) }},
	{6, "status_code", pcp.Type32, pcp.SemDiscrete, pcp.Units{}, "", "HTTP status of the last scrape, 0 if there was no reply",
		func(s *controlState, h Health) history.Value {
			if s.noHTTP {
				return history.WordValue(s.inst, 0)
			}
			return history.WordValue(s.inst, uint32(statusCode(h.Err)))
		}},
	{16, "up", pcp.TypeDouble, pcp.SemInstant, pcp.Units{}, "up", "1 if the scrape succeeded, else 0",
		func(s *controlState, h Health) history.Value { return history.DoubleValue(s.inst, h.Up) }},
	{17, "scrape_duration_seconds", pcp.TypeDouble, pcp.SemInstant, unitSec, "scrape_duration_seconds", "duration of the scrape",
		func(s *controlState, h Health) history.Value { return history.DoubleValue(s.inst, h.Duration) }},
	{18, "scrape_samples_scraped", pcp.TypeDouble, pcp.SemInstant, pcp.Units{}, "scrape_samples_scraped", "samples that the endpoint exposed",
		func(s *controlState, h Health) history.Value { return history.DoubleValue(s.inst, h.Scraped) }},
	{19, "scrape_samples_post_metric_relabeling", pcp.TypeDouble, pcp.SemInstant, pcp.Units{}, "scrape_samples_post_metric_relabeling", "samples left after relabelling",
		func(s *controlState, h Health) history.Value { return history.DoubleValue(s.inst, h.PostRelabel) }},
	{20, "scrape_series_added", pcp.TypeDouble, pcp.SemInstant, pcp.Units{}, "scrape_series_added", "series that the scrape before did not have",
		func(s *controlState, h Health) history.Value { return history.DoubleValue(s.inst, h.Added) }},
	{firstExtra, "scrape_timeout_seconds", pcp.TypeDouble, pcp.SemInstant, unitSec, "scrape_timeout_seconds", "time limit of the scrape",
		func(s *controlState, h Health) history.Value { return history.DoubleValue(s.inst, h.Extra.Timeout) }},
	{firstExtra + 1, "scrape_sample_limit", pcp.TypeDouble, pcp.SemInstant, pcp.Units{}, "scrape_sample_limit", "largest number of samples of a scrape, 0 without a limit",
		func(s *controlState, h Health) history.Value { return history.DoubleValue(s.inst, h.Extra.SampleLimit) }},
	{firstExtra + 2, "scrape_body_size_bytes", pcp.TypeDouble, pcp.SemInstant, pcp.Units{DimSpace: 1}, "scrape_body_size_bytes", "size of the page, -1 if it exceeded its limit",
		func(s *controlState, h Health) history.Value { return history.DoubleValue(s.inst, h.Extra.BodySize) }},
}

// control has the metrics of cluster 0. Their instance domain has one instance for
// each source.
type control struct {
	metrics []*history.Metric     // in the order of controlMetrics
	params  []*history.Metric     // parameters of exemplars' event records
	sources []*controlState       // ascending by instance
	nextID  int64                 // the next free instance number
	ids     map[string]pcp.InstID // adopted instances without a source yet, by name
	totals  map[string]*totals    // by the name of the source
	idle    []*totals             // those whose source was removed, in that order
	changed bool                  // indom and labels are out of date
	indom   *meta.InDom
	labels  *meta.Labels
}

// controlState has the values of the control metrics for one source.
type controlState struct {
	inst   pcp.InstID
	noHTTP bool
	*totals
	series []*history.Series // in the order of controlMetrics
	points []history.Point   // values of the last scrape
}

func newControl(m *Mapper) *control {
	c := &control{nextID: 1, totals: map[string]*totals{}, params: newParams(m)} // PCP's agent uses 0 for the total over all sources
	for _, cm := range controlMetrics {
		d := &meta.Desc{
			PMID: pcp.NewPMID(naming.OpenMetricsDomain, naming.ControlCluster, cm.item), Type: cm.typ,
			InDom: pcp.NewInDomID(naming.OpenMetricsDomain, naming.ControlCluster), Sem: cm.sem, Units: cm.units,
			Names: []string{m.opts.Prefix + ".control." + cm.name},
		}
		metric := &history.Metric{Name: d.Names[0], Desc: d, OneLine: cm.help, Help: cm.help}
		metric.Labels[labelset.AtContext] = m.context
		if cm.prom != "" {
			// These labels are short constants; building them cannot fail.
			metric.Labels[labelset.AtItem], _ = naming.IdentityLabels(cm.prom, prom.Family{Name: cm.prom, Type: prom.TypeGauge}, "")
		}
		c.metrics = append(c.metrics, metric)
	}
	return c
}

// add gives a source its instance.
func (c *control) add(s *Source) error {
	own, err := labelset.New(labelset.Instances, append([]labelset.Label{
		labelset.String("instance", s.target.Instance), labelset.String("job", s.target.Job),
	}, s.labels...)...)
	if err != nil {
		return err
	}
	inst, ok := c.ids[s.target.Name]
	switch {
	case ok:
	case s.numbers != nil:
		inst = s.numbers.Instance()
	default:
		if c.nextID > math.MaxInt32 {
			return ErrNumbers
		}
		inst = pcp.InstID(c.nextID)
		c.nextID++
	}
	st := &controlState{inst: inst, noHTTP: s.target.Options.NoHTTP, totals: c.totalsOf(s.target.Name), points: make([]history.Point, len(c.metrics))}
	for _, metric := range c.metrics {
		st.series = append(st.series, &history.Series{Metric: metric, Inst: meta.Instance{ID: st.inst, Name: s.target.Name}, Labels: own})
	}
	i, _ := slices.BinarySearchFunc(c.sources, st, func(a, b *controlState) int { return cmp.Compare(a.inst, b.inst) })
	c.sources = slices.Insert(c.sources, i, st)
	c.changed = true
	s.health = st
	return nil
}

// remove takes the instance of a source out of the domain.
func (c *control) remove(st *controlState) {
	if i := slices.Index(c.sources, st); i >= 0 {
		c.sources = slices.Delete(c.sources, i, i+1)
		c.changed = true
		c.leave(st.totals)
	}
}

// firstSpare is the first item number for control metrics whose own number an
// adopted archive uses for another metric.
const firstSpare = 32

// adopt gives metrics and instances the numbers that the archive has for them.
// The others get numbers that the archive does not use.
func (c *control) adopt(k *adopted, s *meta.Store) error {
	spare := uint32(firstSpare)
	for _, metrics := range [][]*history.Metric{c.metrics, c.params} {
		for i, metric := range metrics {
			var err error
			if metrics[i], err = k.adoptControl(metric, &spare); err != nil {
				return err
			}
		}
	}
	c.ids = map[string]pcp.InstID{}
	for in := range s.InDomVersions(pcp.NewInDomID(naming.OpenMetricsDomain, naming.ControlCluster)) {
		for _, inst := range in.Instances {
			c.ids[inst.Name] = inst.ID
			c.nextID = max(c.nextID, int64(inst.ID)+1)
		}
	}
	return nil
}

// adoptControl returns a control metric with the number that the archive has for
// it, or with an unused number. spare is the next item number to try.
func (k *adopted) adoptControl(metric *history.Metric, spare *uint32) (*history.Metric, error) {
	next, d := *metric, *metric.Desc
	next.Desc, next.Name = &d, d.Name()
	for n := 2; ; n++ {
		have := k.names[next.Name]
		if have != nil && have.Conflict(&d) == "" {
			next.Desc = have
			return &next, nil
		}
		if have == nil {
			for ; k.pmids[d.PMID]; *spare++ {
				if *spare == ItemsPerCluster {
					return nil, ErrNumbers
				}
				d.PMID = pcp.NewPMID(naming.OpenMetricsDomain, naming.ControlCluster, *spare)
			}
			k.pmids[d.PMID] = true
			d.Names = []string{next.Name}
			return &next, nil
		}
		next.Name = fmt.Sprintf("%s_%d", metric.Name, n)
	}
}

// SetHealth adds the health of the scrape to the current step.
func (s *Source) SetHealth(h Health) {
	c, st := s.mapper.control, s.health
	st.calls++
	st.fetch += h.Fetch
	st.parse += h.Parse
	if c.changed {
		c.changed = false
		series := make([]*history.Series, len(c.sources))
		for i, other := range c.sources {
			series[i] = other.series[0]
		}
		c.indom, c.labels = InDomOf(c.metrics[0].Desc.InDom, s.step.Stamp, series)
	}
	for i := range controlMetrics {
		if controlMetrics[i].item >= firstExtra && h.Extra == nil {
			st.points[i].Series = nil
			continue
		}
		st.points[i] = history.Point{Series: st.series[i], Value: controlMetrics[i].value(st, h)}
	}
	s.healthy = true
}

// appendControl adds the control metrics to the step being built.
func (s *Source) appendControl() {
	c, st := s.mapper.control, s.health
	for i, metric := range c.metrics {
		if st.points[i].Series == nil {
			continue
		}
		s.step.Metrics = append(s.step.Metrics, history.MetricValues{
			Metric: metric, InDom: c.indom, Labels: c.labels, Points: st.points[i : i+1],
		})
	}
}

func (s *controlState) u64(v uint64) history.Value {
	return history.NumberValue(s.inst, pcp.TypeU64, v)
}

func status(err error) string {
	if err == nil {
		return "success"
	}
	return err.Error()
}

// statusCode finds the HTTP status in the scraper's error, which has no field
// for it.
func statusCode(err error) int {
	if err == nil {
		return 200
	}
	_, rest, ok := strings.Cut(err.Error(), "HTTP status ")
	if !ok {
		return 0
	}
	digits, _, _ := strings.Cut(rest, " ")
	code, _ := strconv.Atoi(digits)
	return code
}
