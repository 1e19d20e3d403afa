package convert

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// OpenMetricsDomain is the PMID domain of the reference's openmetrics agent,
// whose names and numbers a Mapper uses so that views and configurations made
// for it fit.
const OpenMetricsDomain = 144

const (
	controlCluster = 0
	maxCluster     = 4091 // the last one whose instance domains have numbers
	itemsPerSource = 1024 // of one cluster
)

// ErrNumbers says that an archive has no PMID left for another metric.
var ErrNumbers = errors.New("no metric numbers left in this archive")

// MapperOptions are what a Mapper's archive has for all its sources.
type MapperOptions struct {
	Prefix   string  // first component of every name; "": openmetrics
	Host     string  // context label hostname
	External []Label // further context labels
	Report   *Report // of what could not cross; may be nil
}

// Target is the endpoint that a source stands for.
type Target struct {
	Name     string // a valid PCP name component, unique; see SourceName
	Job      string
	Instance string
	URL      string // user info and query are not recorded
	Host     string // with or without a port
}

// Mapper gives Prometheus series their PCP names, numbers and metadata and
// builds the steps of a recording. Numbers are handed out in order of first
// sight and never reused. A Mapper and its sources have one owner.
type Mapper struct {
	opts        MapperOptions
	context     labelset.Set
	lastCluster uint32
	sources     map[string]bool
	control     *control
}

// NewMapper returns a Mapper for one archive.
func NewMapper(o MapperOptions) (*Mapper, error) {
	o.Prefix = cmp.Or(o.Prefix, "openmetrics")
	labels := []labelset.Label{labelset.String("hostname", o.Host)}
	for _, l := range o.External {
		labels = append(labels, labelset.String(l.Name, l.Value))
	}
	context, err := labelset.New(labelset.Context, labels...)
	if err != nil {
		return nil, fmt.Errorf("external labels: %w", err)
	}
	m := &Mapper{opts: o, context: context, sources: map[string]bool{}}
	m.control = newControl(m)
	return m, nil
}

// Source adds a source. Its name must be valid and new.
func (m *Mapper) Source(t Target) (*MappedSource, error) {
	switch {
	case !ValidComponent(t.Name) || t.Name == "control":
		return nil, fmt.Errorf("source name %q: want a letter, then letters, digits and underscores, and not control", t.Name)
	case m.sources[t.Name]:
		return nil, fmt.Errorf("source name %q is taken", t.Name)
	}
	s := &MappedSource{
		mapper: m, target: t,
		metrics: map[metricKey]*mappedMetric{}, bySample: map[string]*mappedMetric{},
		taken: map[string]bool{},
	}
	labels := []labelset.Label{
		labelset.String("source", t.Name), labelset.String("job", t.Job),
		labelset.String("instance", t.Instance), labelset.String("url", RedactURL(t.URL)),
	}
	if host := HostOnly(t.Host); host != "" && host != m.opts.Host && !IsLoopback(host) {
		labels = append(labels, labelset.String("hostname", host))
	}
	var err error
	if s.cluster, err = labelset.New(labelset.Cluster, labels...); err != nil {
		return nil, fmt.Errorf("source %s: %w", t.Name, err)
	}
	if err := m.control.add(s); err != nil {
		return nil, fmt.Errorf("source %s: %w", t.Name, err)
	}
	m.sources[t.Name] = true
	return s, nil
}

// nextCluster reserves a cluster of PMIDs.
func (m *Mapper) nextCluster() (uint32, error) {
	if m.lastCluster == maxCluster {
		return 0, ErrNumbers
	}
	m.lastCluster++
	return m.lastCluster, nil
}

// RedactURL returns a URL without user info, query and fragment, which may hold
// secrets. What does not parse becomes "".
func RedactURL(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return u.String()
}

// HostOnly returns host without a port and brackets.
func HostOnly(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		return h
	}
	return strings.Trim(host, "[]")
}

// IsLoopback reports whether host, without a port, is the recording host itself.
func IsLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

// MappedSource is one endpoint's share of an archive. Between Begin and Step the
// values of one time are given to it.
type MappedSource struct {
	mapper   *Mapper
	target   Target
	cluster  labelset.Set
	metrics  map[metricKey]*mappedMetric
	bySample map[string]*mappedMetric // the metric last met under a sample name
	taken    map[string]bool          // leaf names and, with a final dot, their ancestors
	nextItem uint32                   // PMID without domain: cluster and item
	health   *controlState
	healthy  bool // the current step has the outcome of a scrape

	live  int
	ended []*MappedSeries // oldest first, so that they can be forgotten

	tick    uint64 // number of the current step
	step    archive.Step
	touched []*mappedMetric
}

// metricKey is what makes a metric of its own. A family whose type changes, or
// that comes with labels and without, is several.
type metricKey struct {
	sample, family, typ string
	singular            bool
}

type mappedMetric struct {
	key    metricKey
	family Family
	metric *archive.Metric
	series map[string]*MappedSeries
	nextID pcp.InstID
	live   int

	changed bool // a series came or went since the domain was built
	indom   *meta.InDom
	labels  *meta.Labels

	tick   uint64 // of the step that points belong to
	points []archive.Point
}

// MappedSeries is one Prometheus series of a source.
type MappedSeries struct {
	metric    *mappedMetric
	series    *archive.Series
	key       string
	live      bool
	forgotten atomic.Bool // the one field that others than the owner may read
	tick      uint64      // of the step it last had a value in
	at        int         // its point there
}

// Forgotten reports whether the series ended so long ago that it must be asked
// for again before it gets another value.
func (s *MappedSeries) Forgotten() bool { return s.forgotten.Load() }

// Name returns the name of the series' samples.
func (s *MappedSeries) Name() string { return s.metric.key.sample }

// Family returns what is known of the series' family.
func (s *MappedSeries) Family() Family { return s.metric.family }

// Series returns the series of a sample: its name, its own labels sorted by
// name, and its family as far as it is known. Strings are copied. The error
// wraps [ErrNumbers] if the archive is full, or [pcp.ErrLimit] if the labels do
// not fit a label set.
func (s *MappedSource) Series(sample string, labels []Label, f Family) (*MappedSeries, error) {
	m, err := s.metric(sample, len(labels) == 0, f)
	if err != nil {
		return nil, err
	}
	key := labelKey(labels)
	if ser, ok := m.series[key]; ok {
		return ser, nil
	}
	own := make([]labelset.Label, len(labels))
	for i, l := range labels {
		own[i] = labelset.String(labelName(l.Name), l.Value)
	}
	set, err := labelset.New(labelset.Instances, own...)
	if err != nil {
		s.mapper.opts.Report.Add(LossLabels, sample)
		return nil, fmt.Errorf("%s: %w", sample, err)
	}
	inst := meta.Instance{ID: pcp.InstNull}
	if len(labels) > 0 {
		inst = meta.Instance{ID: m.nextID, Name: instanceName(m.nextID, labels)}
		m.nextID++
	}
	ser := &MappedSeries{metric: m, key: key, series: &archive.Series{Metric: m.metric, Inst: inst, Labels: set}}
	m.series[key] = ser
	return ser, nil
}

// metric finds or makes the metric of a sample.
func (s *MappedSource) metric(sample string, singular bool, f Family) (*mappedMetric, error) {
	if f.Name == "" { // the page does not say, or no longer does
		if known, ok := s.bySample[sample]; ok {
			f = known.family
		} else {
			f = s.guessFamily(sample)
		}
	}
	f.Type = cmp.Or(f.Type, TypeUnknown)
	key := metricKey{sample, f.Name, f.Type, singular}
	if m, ok := s.metrics[key]; ok {
		return m, nil
	}
	key = metricKey{strings.Clone(sample), strings.Clone(f.Name), f.Type, singular}
	f = Family{Name: key.family, Type: f.Type, Help: strings.Clone(f.Help), Unit: strings.Clone(f.Unit)}
	m := &mappedMetric{key: key, family: f, series: map[string]*MappedSeries{}}
	if err := s.describe(m); err != nil {
		return nil, err
	}
	s.metrics[key], s.bySample[key.sample] = m, m
	return m, nil
}

// guessFamily puts a _created sample, for which Prometheus' scraper passes no
// metadata, into the family it belongs to.
func (s *MappedSource) guessFamily(sample string) Family {
	if base, ok := strings.CutSuffix(sample, "_created"); ok {
		for _, suffix := range []string{"_total", "_count", "_sum", ""} {
			if m, ok := s.bySample[base+suffix]; ok && m.family.Name == base {
				return m.family
			}
		}
	}
	return Family{Name: sample}
}

// describe gives m its number, name and labels.
func (s *MappedSource) describe(m *mappedMetric) error {
	if s.nextItem%itemsPerSource == 0 {
		c, err := s.mapper.nextCluster()
		if err != nil {
			return err
		}
		s.nextItem = c * itemsPerSource
	}
	cluster, item := s.nextItem/itemsPerSource, s.nextItem%itemsPerSource
	d := &meta.Desc{
		PMID: pcp.NewPMID(OpenMetricsDomain, cluster, item), Type: pcp.TypeDouble, InDom: pcp.InDomNull,
		Sem: SemanticsOf(m.key.sample, m.family), Units: UnitsOf(m.key.sample, m.family),
		Names: []string{s.mapper.opts.Prefix + "." + s.target.Name + "." + s.freeLeaf(LeafName(m.key.sample))},
	}
	if !m.key.singular {
		d.InDom = pcp.NewInDomID(OpenMetricsDomain, 4096+cluster*itemsPerSource+item)
	}
	origin, err := originLabels(m.key.sample, m.family)
	if err != nil {
		return fmt.Errorf("%s: %w", m.key.sample, err)
	}
	s.nextItem++ // past the last item a new cluster begins, see above
	m.metric = &archive.Metric{Name: d.Names[0], Desc: d}
	m.metric.Labels[0], m.metric.Labels[3], m.metric.Labels[4] = s.mapper.context, s.cluster, origin
	m.metric.OneLine, m.metric.Help = helpTexts(m.family.Help)
	return nil
}

// freeLeaf returns name or, if another metric has it or one is a component of
// the other, name with a number.
func (s *MappedSource) freeLeaf(name string) string {
	leaf := name
	for n := 2; s.taken[leaf] || s.taken[leaf+"."] || s.hasLeafAbove(leaf); n++ {
		leaf = fmt.Sprintf("%s_%d", name, n)
		if s.hasLeafAbove(leaf) { // a number at the end does not help there
			leaf = strings.ReplaceAll(leaf, ".", "_")
		}
	}
	s.taken[leaf] = true
	for i, c := range leaf {
		if c == '.' {
			s.taken[leaf[:i+1]] = true
		}
	}
	return leaf
}

func (s *MappedSource) hasLeafAbove(leaf string) bool {
	for i, c := range leaf {
		if c == '.' && s.taken[leaf[:i]] {
			return true
		}
	}
	return false
}

// Names of the item labels that keep what PCP has no place for.
const (
	labelFamily = "prom_name"
	labelType   = "prom_type"
	labelUnit   = "prom_unit"
	labelSuffix = "prom_suffix" // the sample's name is the family's with this after it
	labelSample = "prom_sample" // or this, where it does not begin with the family's
)

// originLabels returns the item labels that make the way back exact.
func originLabels(sample string, f Family) (labelset.Set, error) {
	labels := []labelset.Label{labelset.String(labelFamily, f.Name), labelset.String(labelType, f.Type)}
	if f.Unit != "" {
		labels = append(labels, labelset.String(labelUnit, f.Unit))
	}
	switch {
	case !strings.HasPrefix(sample, f.Name):
		labels = append(labels, labelset.String(labelSample, sample))
	case sample != f.Name:
		labels = append(labels, labelset.String(labelSuffix, Suffix(sample, f.Name)))
	}
	for i := range labels {
		labels[i].Flags = labelset.Optional
	}
	return labelset.New(labelset.Item, labels...)
}

// helpTexts splits a family's help: the first line, and the whole.
func helpTexts(help string) (oneLine, whole string) {
	oneLine, _, _ = strings.Cut(help, "\n")
	return oneLine, help
}

// Describe updates the help of the series' metric.
func (s *MappedSource) Describe(ser *MappedSeries, help string) {
	m := ser.metric
	if m.family.Help == help || help == "" {
		return
	}
	m.family.Help = strings.Clone(help)
	next := *m.metric
	next.OneLine, next.Help = helpTexts(m.family.Help)
	m.metric = &next
	for _, ser := range m.series {
		moved := *ser.series
		moved.Metric = m.metric
		ser.series = &moved
	}
}
