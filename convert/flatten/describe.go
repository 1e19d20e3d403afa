package flatten

import (
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
)

// describer names and labels series. It is the part of a Flattener that needs no values.
type describer struct {
	opts  Options
	since string // time of the last mark, for SplitAtMarks
	// counted says that a loss was counted while a series got its labels.
	counted bool
}

// Describer describes the series of metrics as a Flattener with the same options makes
// them, without their values. It is for one goroutine.
//
// A Flattener renames a metric whose name another metric took earlier. A Describer cannot
// know the order of the values and gives both the same name.
type Describer struct{ describer }

// NewDescriber returns a Describer. It ignores the option SplitAtMarks.
func NewDescriber(o Options) *Describer { return &Describer{describer{opts: o}} }

// Description is a metric in the form it has in Prometheus.
type Description struct {
	Sample string // name of the samples
	Family prom.Family
	// Native says that the metric is PCP's own. Others came from Prometheus.
	Native bool
	// Target has the labels instance and job of a metric that came from Prometheus.
	Target []prom.Label

	naming sampleNaming
}

// Describe describes a metric. It returns false if a Flattener makes no series of it: if it
// has no name, no numbers, or holds exemplars of other series.
func (d *Describer) Describe(metric *history.Metric) (Description, bool) {
	if d.rejects(metric) {
		return Description{}, false
	}
	n := d.naming(metric)
	if n.exemplars {
		return Description{}, false
	}
	return Description{Sample: n.sample, Family: n.family, Native: !n.origin, Target: n.target, naming: n}, true
}

// Labels returns the labels of a series of the metric, sorted by name and without the name of
// the samples. twin says that another instance of the domain has the same name, see
// [PromText]. An error wraps [pcp.ErrLimit] if the series cannot have so many labels.
func (d *Describer) Labels(m *Description, s *history.Series, twin bool) ([]prom.Label, error) {
	return d.labels(&m.naming, s, twin)
}

// Rehost sets the label hostname of a series to its host if hosts clash, as a Flattener
// with these clashes does. labels are those of a Describer without clashes, and target is
// [Description.Target]. The result may share memory with labels.
func (c *HostClashes) Rehost(labels, target []prom.Label, native bool, host string) []prom.Label {
	switch {
	case c == nil || host == "":
		return labels
	case native:
		if out := c.rehostLabels(labels[:len(labels):len(labels)], host); len(out) > len(labels) {
			return normalizeLabels(out)
		}
	case c.target(target):
		return normalizeLabels(append(labels[:len(labels):len(labels)], prom.Label{Name: labelHostname, Value: host}))
	}
	return labels
}
