package mapper

import (
	"fmt"
	"iter"
	"strings"

	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// Numbers gives sources, metrics and instances numbers that are the same in several
// archives. A Mapper with Numbers gives out no numbers of its own. Several goroutines
// may use Numbers. A repeated question has the same answer, and tells Numbers that the
// thing still exists. The errors wrap [ErrNumbers] if no number is left.
type Numbers interface {
	// Source returns the number of a source: its first cluster of PMIDs, from 1 to
	// MaxCluster, and its instance of the control metrics.
	Source(name string) (uint32, error)
	// Metric returns the number of a metric of a source, cluster · 1024 + item, and the
	// last part of its name: leaf, or leaf with a number at the end if another metric
	// has that name or a component of it. Identity tells metrics of a source apart that
	// want the same name; it contains bytes that are not UTF-8. The instance domain of
	// a metric has the serial 4096 + number.
	Metric(source, leaf, identity string) (number uint32, name string, err error)
	// Instance returns the number of an instance of a domain. labels is its
	// [prom.LabelsKey].
	Instance(domain pcp.InDomID, labels string) (pcp.InstID, error)
}

// Limits of the numbers of [Numbers].
const (
	MaxCluster      = maxCluster
	ItemsPerCluster = itemsPerSource
)

// Numbered is a metric with the numbers that an archive has for it.
type Numbered struct {
	Source    string
	Leaf      string // the rest of its name after the source's
	Identity  string // see [Numbers]
	Number    uint32 // cluster · 1024 + item
	Domain    pcp.InDomID
	Instances map[string]pcp.InstID // by [prom.LabelsKey]; nil if the metric is singular
}

// NumbersIn yields the metrics of sources in an archive that a Mapper wrote, so that lost
// [Numbers] can be found again.
func NumbersIn(s *meta.Store) iter.Seq[Numbered] {
	return func(yield func(Numbered) bool) {
		prefix := PrefixOf(s)
		if prefix == "" {
			return
		}
		labels := instanceLabels(s)
		for d := range s.Metrics() {
			n, ok := numberedOf(s, d, prefix)
			if !ok {
				continue
			}
			if d.InDom != pcp.InDomNull {
				n.Instances, _ = instanceIDs(s, d.InDom, labels[d.InDom])
			}
			if !yield(n) {
				return
			}
		}
	}
}

// numberedOf returns what an archive says about a metric of a source, without its
// instances.
func numberedOf(s *meta.Store, d *meta.Desc, prefix string) (n Numbered, ok bool) {
	if d.PMID.Domain() != naming.OpenMetricsDomain || d.PMID.Cluster() == naming.ControlCluster {
		return n, false
	}
	source := labelsAtEnd(s, labelset.Cluster, d).Text("source")
	leaf, ok := strings.CutPrefix(d.Name(), prefix+"."+source+".")
	item := labelsAtEnd(s, labelset.Item, d)
	family, described := item.Lookup(naming.LabelFamily)
	if source == "" || !ok || !described {
		return n, false
	}
	key := metricKey{
		sample: naming.SampleOf(family.Text(), item), family: family.Text(), typ: item.Text(naming.LabelType),
		singular: d.InDom == pcp.InDomNull, encoding: item.Text(naming.LabelEncoding),
	}
	return Numbered{
		Source: source, Leaf: leaf, Identity: identity(key, d), Domain: d.InDom,
		Number: d.PMID.Cluster()*itemsPerSource + d.PMID.Item(),
	}, true
}

// identity returns the identity of a metric for [Numbers]: everything that two metrics
// of one number must share. It does not contain the unit of the key, because the units
// of the descriptor follow from that.
func identity(k metricKey, d *meta.Desc) string {
	return strings.Join([]string{
		k.sample, k.family, k.typ, k.encoding,
		fmt.Sprintf("%t %d %d %08x", k.singular, d.Type, d.Sem, d.Units.Word()),
	}, "\xff")
}

// numbered gives a new metric the number and the name that Numbers has for it.
func (s *Source) numbered(key metricKey, d *meta.Desc, leaf string) error {
	number, name, err := s.mapper.opts.Numbers.Metric(s.target.Name, leaf, identity(key, d))
	if err != nil {
		return err
	}
	d.PMID = pcp.NewPMID(naming.OpenMetricsDomain, number/itemsPerSource, number%itemsPerSource)
	if d.InDom != pcp.InDomNull {
		d.InDom = pcp.NewInDomID(naming.OpenMetricsDomain, firstInDom+number)
	}
	d.Names[0] = s.mapper.opts.Prefix + "." + s.target.Name + "." + name
	return nil
}
