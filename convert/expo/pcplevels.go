package expo

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/pcp"
)

// contextLabels are the labels that PCP sets for every host. They belong to the
// archive, not to its metrics.
var contextLabels = []string{"hostname", "domainname", "machineid", "userid", "groupid", "containername"}

// lineLabels are the labels of a native series, sorted by meaning.
type lineLabels struct {
	host   string    // label hostname
	target [2]string // labels job and instance, if the page was scraped
	agent  string    // label agent
	inst   instanceKey
	own    []prom.Label // all other labels, job and instance included
}

// labels sorts the labels of a series by meaning. ok is false if the series cannot
// belong to the line's metric.
func (l *pcpLine) labels(all []prom.Label) (n lineLabels, ok bool) {
	n.inst.id = pcp.InstNull
	named := false
	for _, x := range all {
		switch {
		case x.Name == "hostname":
			n.host = x.Value
			if l.isAgentMetric() {
				n.own = append(n.own, x) // withoutHost removes it if it is the archive's
			}
		case slices.Contains(contextLabels, x.Name):
		case x.Name == "agent":
			n.agent = x.Value
		case x.Name == "instname":
			n.inst.name, named = x.Value, true
		case x.Name == "instid":
			if id, err := strconv.ParseInt(x.Value, 10, 32); err == nil && id >= 0 {
				n.inst.id = pcp.InstID(id)
			}
		case x.Name == "semantics" && x.Value == l.sem.String(), x.Name == "type" && pcpTypes[x.Value] == l.typ:
			// pcp2openmetrics -X
		default:
			switch x.Name {
			case "job":
				n.target[0] = x.Value
			case "instance":
				n.target[1] = x.Value
			}
			n.own = append(n.own, x)
		}
	}
	// An instance without a name has only its number. So have values of singular
	// metrics from old loggers.
	if l.indom == pcp.InDomNull {
		return n, !named
	}
	return n, named || n.inst.id != pcp.InstNull
}

// isAgentMetric reports whether the metric belongs to PCP's openmetrics agent. Its
// label hostname may name the endpoint instead of the archive's host.
func (l *pcpLine) isAgentMetric() bool { return l.pmid.Domain() == naming.OpenMetricsDomain }

// withoutHost removes the label hostname from labels if it has the archive's host.
func withoutHost(labels []prom.Label, host string) []prom.Label {
	return slices.DeleteFunc(labels, func(l prom.Label) bool { return l.Name == "hostname" && l.Value == host })
}

// instanceKey is an instance as a page names it. id is InstNull if the page has no
// number.
type instanceKey struct {
	name string
	id   pcp.InstID
}

// labelUse has, for each instance of a metric, the labels of all its series.
type labelUse map[instanceKey][]prom.Label

// note notes the labels of a series.
func (p *pcpLines) note(sample string, labels []prom.Label) {
	line := p.lineOf(sample)
	if line == nil {
		return
	}
	n, ok := line.labels(labels)
	if !ok {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.noteHost(line, n.host)
	if line.indom == pcp.InDomNull {
		return
	}
	if line.use == nil {
		line.use = labelUse{}
	}
	has := line.use[n.inst]
	for _, x := range n.own {
		if !slices.Contains(has, x) {
			has = append(has, x)
		}
	}
	line.use[n.inst] = has
}

// common finds the labels that have the same value for all instances. It sets them
// to true in names, unless they are false there already, and all others to false.
func (u labelUse) common(names map[string]bool) {
	found := map[prom.Label]int{}
	for _, has := range u {
		for _, x := range has {
			found[x]++
		}
	}
	for x, n := range found {
		already, known := names[x.Name]
		names[x.Name] = n == len(u) && (already || !known)
	}
}

// instanceDomain is an instance domain as all its series together describe it.
type instanceDomain struct {
	// ofMetrics has true for a label that belongs to the metrics: within each metric
	// all instances have the same value. Other labels belong to the instances.
	ofMetrics map[string]bool
	members   map[instanceKey]instanceRecord
	taken     map[pcp.InstID]bool
	next      pcp.InstID
}

// instanceRecord is an instance as its first metric describes it.
type instanceRecord struct {
	id     pcp.InstID
	labels []prom.Label // labels of all its series, sorted
}

func (p *pcpLines) domain(id pcp.InDomID) *instanceDomain {
	p.mu.RLock()
	defer p.mu.RUnlock()
	d := &instanceDomain{ofMetrics: map[string]bool{}, members: map[instanceKey]instanceRecord{}, taken: map[pcp.InstID]bool{}}
	for _, line := range p.byPMID {
		if line.indom != id {
			continue
		}
		line.use.common(d.ofMetrics)
		for inst := range line.use {
			d.taken[inst.id] = true
		}
	}
	return d
}

// admit returns the number of an instance: its own, or a free one. ok is false if
// the instance has other labels in another metric, because an instance has only one
// set of labels at a time.
func (d *instanceDomain) admit(inst instanceKey, labels []prom.Label) (id pcp.InstID, ok bool) {
	if m, known := d.members[inst]; known {
		return m.id, slices.Equal(m.labels, labels)
	}
	if id = inst.id; id == pcp.InstNull {
		for d.taken[d.next] {
			d.next++
		}
		id = d.next
		d.next++
	}
	d.members[inst] = instanceRecord{id, labels}
	return id, true
}

// instanceLabels returns the labels of a metric's series that belong to an instance,
// sorted.
func (p *pcpLines) instanceLabels(line *pcpLine, inst instanceKey, d *instanceDomain) []prom.Label {
	p.mu.RLock()
	defer p.mu.RUnlock()
	var own []prom.Label
	for _, x := range line.use[inst] {
		if !d.ofMetrics[x.Name] {
			own = append(own, x)
		}
	}
	slices.SortFunc(own, func(a, b prom.Label) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Value, b.Value))
	})
	return own
}
