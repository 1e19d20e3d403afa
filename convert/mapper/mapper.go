package mapper

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/internal/redact"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

const (
	maxCluster     = 4091 // the last one whose instance domains have numbers
	itemsPerSource = 1024 // of one cluster
	firstInDom     = 4096 // number of the domain of cluster 0, item 0
)

// ErrNumbers says that an archive has no PMID left for another metric.
var ErrNumbers = errors.New("no metric numbers left in this archive")

// MapperOptions are what a Mapper's archive has for all its sources.
type Options struct {
	Prefix   string       // first component of every name; "": openmetrics
	Host     string       // context label hostname
	External []prom.Label // further context labels
	Report   *prom.Report // of what could not cross; may be nil
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
	opts        Options
	context     labelset.Set
	domain      labelset.Set // of the domain of all its metrics
	lastCluster uint32
	sources     map[string]bool
	control     *control
	adopted     *adopted // of an archive that is continued, or nil
	// claimed are the clusters of native metrics in the Mapper's domain.
	claimed map[uint32]bool
}

// NewMapper returns a Mapper for one archive.
func New(o Options) (*Mapper, error) {
	o.Prefix = cmp.Or(o.Prefix, "openmetrics")
	for c := range strings.SplitSeq(o.Prefix, ".") {
		if !naming.ValidComponent(c) {
			return nil, fmt.Errorf("prefix %q: want a letter, then letters, digits and underscores", o.Prefix)
		}
	}
	labels := []labelset.Label{labelset.String("hostname", o.Host)}
	for _, l := range o.External {
		labels = append(labels, labelset.String(naming.LabelName(l.Name), l.Value))
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
func (m *Mapper) Source(t Target) (*Source, error) {
	switch {
	case !naming.ValidComponent(t.Name) || t.Name == "control":
		return nil, fmt.Errorf("source name %q: want a letter, then letters, digits and underscores, and not control", t.Name)
	case m.sources[t.Name]:
		return nil, fmt.Errorf("source name %q is taken", t.Name)
	}
	if name := m.opts.Prefix + "." + t.Name; m.adopted.has(m.opts.Prefix) || m.adopted.has(name) {
		return nil, fmt.Errorf("source name %q: the archive has a metric %s: %w", t.Name, name, pcp.ErrMismatch)
	}
	s := &Source{
		mapper: m, target: t,
		metrics: map[metricKey]*metricState{}, bySample: map[string]*metricState{},
		taken: map[string]bool{}, nextItem: m.adopted.firstItem(t.Name),
	}
	for _, leaf := range m.adopted.leaves(t.Name) {
		s.take(leaf)
	}
	labels := []labelset.Label{
		labelset.String("source", t.Name), labelset.String("job", t.Job),
		labelset.String("instance", t.Instance), labelset.String("url", redact.URL(t.URL)),
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

// HasSource reports whether the Mapper has a source of that name.
func (m *Mapper) HasSource(name string) bool { return m.sources[name] }

// nextCluster reserves a cluster of PMIDs.
func (m *Mapper) nextCluster() (uint32, error) {
	for m.lastCluster < maxCluster {
		if m.lastCluster++; !m.claimed[m.lastCluster] {
			return m.lastCluster, nil
		}
	}
	return 0, ErrNumbers
}

// claim keeps the numbers and the name of a native metric from being given to a
// source.
func (m *Mapper) Claim(d *meta.Desc) {
	if m.claimed == nil {
		m.claimed = map[uint32]bool{}
	}
	if d.PMID.Domain() == naming.OpenMetricsDomain {
		m.claimed[d.PMID.Cluster()] = true
	}
	if n := d.InDom.Serial(); d.InDom != pcp.InDomNull && d.InDom.Domain() == naming.OpenMetricsDomain && n >= firstInDom {
		m.claimed[(n-firstInDom)/itemsPerSource] = true
	}
	for _, name := range d.Names {
		if rest, ok := strings.CutPrefix(name, m.opts.Prefix+"."); ok {
			source, _, _ := strings.Cut(rest, ".")
			m.sources[source] = true
		}
	}
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
