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

// contextLabels are those that PCP has of every host; they belong to an archive
// and not to its metrics.
var contextLabels = []string{"hostname", "domainname", "machineid", "userid", "groupid", "containername"}

// nativeLabels are the labels of a native series, told apart.
type lineLabels struct {
	host   string
	target [2]string // job and instance, if it was scraped
	agent  string
	inst   instanceKey
	own    []prom.Label // the others
}

// labels tells the labels of a series apart, false if it cannot be one of l's.
func (l *pcpLine) labels(all []prom.Label) (n lineLabels, ok bool) {
	n.inst.id = pcp.InstNull
	named := false
	for _, x := range all {
		switch {
		case x.Name == "hostname":
			n.host = x.Value
			if l.isAgentMetric() {
				n.own = append(n.own, x) // unless it is the archive's, too
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
	// An instance that the archive has no name for has its number alone, and so have
	// old loggers' values of metrics without a domain.
	if l.indom == pcp.InDomNull {
		return n, !named
	}
	return n, named || n.inst.id != pcp.InstNull
}

// ofEndpoint reports whether a metric is one of PCP's openmetrics agent, whose
// label hostname may be that of the endpoint instead of the archive's host.
func (l *pcpLine) isAgentMetric() bool { return l.pmid.Domain() == naming.OpenMetricsDomain }

// withoutHost drops the label hostname with the archive's host from labels.
func withoutHost(labels []prom.Label, host string) []prom.Label {
	return slices.DeleteFunc(labels, func(l prom.Label) bool { return l.Name == "hostname" && l.Value == host })
}

// numbered is an instance as pages name it: id is InstNull unless they give one.
type instanceKey struct {
	name string
	id   pcp.InstID
}

// labelUse are the labels of a metric's instances: of each, those that any of its
// series has.
type labelUse map[instanceKey][]prom.Label

// note takes note of a series.
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

// common works out which labels have one value with all instances. It adds them
// to names as true, and all others as false, which stays so.
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

// nativeDomain is what all series of an instance domain tell together.
type instanceDomain struct {
	// ofMetrics names labels: true is one of the metrics, as all instances of a
	// metric have it with one value. All others are the instances'.
	ofMetrics map[string]bool
	members   map[instanceKey]instanceRecord
	taken     map[pcp.InstID]bool
	next      pcp.InstID
}

// nativeMember is an instance as its first metric has it.
type instanceRecord struct {
	id     pcp.InstID
	labels []prom.Label // that any series has, sorted
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

// admit returns the number of an instance, its own or one that none has, and
// whether labels are those that it has with other metrics: all have one set at a
// time.
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

// ofInstance returns the labels that any series of a metric's instance has and
// that are the instance's, sorted.
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
