package mapper

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"

	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/internal/redact"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// Limits of the numbers of metrics.
const (
	MaxCluster      = 4091 // the last cluster whose instance domains still have numbers
	ItemsPerCluster = 1024 // metrics in one cluster
)

// firstInDom is the serial of the instance domain of cluster 0, item 0.
const firstInDom = 4096

// NumbersAt returns the numbers of a metric and of its instance domain. at is cluster ·
// ItemsPerCluster + item.
func NumbersAt(at uint32) (pcp.PMID, pcp.InDomID) {
	return pcp.NewPMID(naming.OpenMetricsDomain, at/ItemsPerCluster, at%ItemsPerCluster),
		pcp.NewInDomID(naming.OpenMetricsDomain, firstInDom+at)
}

// ErrNumbers means that an archive has no number left for a new metric or
// instance.
var ErrNumbers = errors.New("no metric numbers left in this archive")

// Options describe the archive that a Mapper makes.
type Options struct {
	Prefix   string       // first component of every metric name; "" means openmetrics
	Host     string       // value of the context label hostname
	External []prom.Label // further context labels
	Report   *prom.Report // counts samples that cannot be recorded; may be nil
	// Numbers gives out all numbers, to Mappers with the same Prefix. If it is nil, the
	// Mapper gives out its own, which hold for one archive.
	Numbers Numbers
}

// Target is the endpoint that a Source records.
type Target struct {
	// Name is the name of the source: a unique, valid component of a PCP name, see
	// naming.SourceName, or several such components with dots between them.
	Name     string
	Job      string // label job
	Instance string // label instance
	// Labels are the other labels of the target, which all of its series have. Labels of a
	// sample have precedence; an empty one says that the sample lacks the label.
	Labels  []prom.Label
	URL     string // recorded without user, password and query
	Host    string // host of the endpoint, with or without a port
	Options SourceOptions
}

// Mapper gives the Prometheus series of one archive their PCP names, numbers and
// metadata. It gives out numbers in order of first sight and never reuses one. A
// Mapper and its sources are for one goroutine at a time.
type Mapper struct {
	opts        Options
	context     labelset.Set    // labels of the context
	domain      labelset.Set    // labels of naming.OpenMetricsDomain
	lastCluster uint32          // the highest cluster in use
	sources     map[string]bool // names that no further source may have
	control     *control
	adopted     *adopted        // nil unless the Mapper continues an archive
	claimed     map[uint32]bool // clusters that native metrics use, see Claim
}

// New returns a Mapper for one archive. The error says which option is invalid.
func New(o Options) (*Mapper, error) {
	o.Prefix = cmp.Or(o.Prefix, "openmetrics")
	for c := range strings.SplitSeq(o.Prefix, ".") {
		if !naming.ValidComponent(c) {
			return nil, fmt.Errorf("prefix %q: want a letter, then letters, digits and underscores", o.Prefix)
		}
	}
	context, err := contextLabels(o.Host, o.External)
	if err != nil {
		return nil, err
	}
	m := &Mapper{opts: o, context: context, sources: map[string]bool{}}
	m.control = newControl(m)
	return m, nil
}

// Source adds a source. Its name must be valid and new. The error wraps
// [pcp.ErrMismatch] if the adopted archive has a metric of the source's name.
func (m *Mapper) Source(t Target) (*Source, error) {
	switch {
	case !ValidSource(t.Name):
		return nil, fmt.Errorf("source name %q: want a letter followed by letters, digits and underscores; control is reserved", t.Name)
	case m.sources[t.Name]:
		return nil, fmt.Errorf("source name %q is taken", t.Name)
	}
	if name := m.opts.Prefix + "." + t.Name; m.adopted.has(m.opts.Prefix) || m.adopted.has(name) {
		return nil, fmt.Errorf("source name %q: the archive has a metric %s: %w", t.Name, name, pcp.ErrMismatch)
	}
	s := &Source{
		mapper: m, target: t,
		metrics: map[metricKey]*metricState{}, bySample: map[string]*metricState{},
		nextItem: m.adopted.firstItem(t.Name),
	}
	for _, leaf := range m.adopted.leaves(t.Name) {
		s.taken.Add(leaf, 1)
	}
	labels := []labelset.Label{
		labelset.String("source", t.Name), labelset.String("job", t.Job),
		labelset.String("instance", t.Instance), labelset.String("url", redact.URL(t.URL)),
	}
	if host := HostOnly(t.Host); host != "" && host != m.opts.Host && !IsLoopback(host) {
		labels = append(labels, labelset.String("hostname", host))
	}
	labels = replaced(labels, t.Options.Labels)
	for _, l := range t.Labels {
		s.labels = append(s.labels, labelset.String(naming.TargetLabel(l.Name), l.Value))
	}
	var err error
	if s.cluster, err = labelset.New(labelset.Cluster, append(labels, s.labels...)...); err != nil && len(s.labels) > 0 {
		m.opts.Report.Add(prom.LossLabels, t.Name)
		s.labels = nil
		s.cluster, err = labelset.New(labelset.Cluster, labels...)
	}
	if err != nil {
		return nil, fmt.Errorf("source %s: %w", t.Name, err)
	}
	if m.opts.Numbers != nil {
		if s.numbers, err = m.opts.Numbers.Source(t.Name); err != nil {
			return nil, fmt.Errorf("source %s: %w", t.Name, err)
		}
	}
	if err := m.control.add(s); err != nil {
		s.Release()
		return nil, fmt.Errorf("source %s: %w", t.Name, err)
	}
	m.sources[t.Name] = true
	return s, nil
}

// ValidSource reports whether a source may have the name: valid components with dots between
// them, of which the first is not control.
func ValidSource(name string) bool {
	for c := range strings.SplitSeq(name, ".") {
		if !naming.ValidComponent(c) {
			return false
		}
	}
	first, _, _ := strings.Cut(name, ".")
	return first != "control"
}

// HasSource reports whether a source or a claimed metric already has the name.
func (m *Mapper) HasSource(name string) bool { return m.sources[name] }

// nextCluster reserves a cluster of PMIDs.
func (m *Mapper) nextCluster() (uint32, error) {
	for m.lastCluster < MaxCluster {
		if m.lastCluster++; !m.claimed[m.lastCluster] {
			return m.lastCluster, nil
		}
	}
	return 0, ErrNumbers
}

// Claim keeps the Mapper from giving the numbers and the source name of a native
// metric to a source.
func (m *Mapper) Claim(d *meta.Desc) {
	if m.claimed == nil {
		m.claimed = map[uint32]bool{}
	}
	if d.PMID.Domain() == naming.OpenMetricsDomain {
		m.claimed[d.PMID.Cluster()] = true
	}
	if n := d.InDom.Serial(); d.InDom != pcp.InDomNull && d.InDom.Domain() == naming.OpenMetricsDomain && n >= firstInDom {
		m.claimed[(n-firstInDom)/ItemsPerCluster] = true
	}
	for _, name := range d.Names {
		if rest, ok := strings.CutPrefix(name, m.opts.Prefix+"."); ok {
			source, _, _ := strings.Cut(rest, ".")
			m.sources[source] = true
		}
	}
}

// HostOnly returns host without its port and without brackets.
func HostOnly(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		return h
	}
	return strings.Trim(host, "[]")
}

// LocalHost returns the name of the host that this process runs on.
func LocalHost() string {
	name, err := os.Hostname()
	if err != nil {
		return "localhost"
	}
	return name
}

// IsLoopback reports whether host, which has no port, names the machine itself.
func IsLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}
