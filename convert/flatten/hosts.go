package flatten

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

const labelHostname = "hostname"

// HostNames finds hosts whose series their labels do not tell apart. It remembers
// the labels of each archive. Several goroutines may use it at once. The zero value
// is ready for use.
type HostNames struct {
	mu       sync.Mutex
	archives map[string]claims // by base path
}

// claims are the names by which the series of an archive name their host.
type claims struct {
	names   []string // values of the label hostname
	targets []target // endpoints that the archive recorded
}

// target is an endpoint as Prometheus identifies it.
type target struct{ job, instance string }

// HostClashes are the names that the archives of several hosts have in common. A
// [Flattener] sets the label hostname of the series with such a name to the
// archive's host. A nil *HostClashes has none.
type HostClashes struct {
	names   map[string][]string // hosts by value of the label hostname
	targets map[target][]string // hosts by endpoint
}

// Clashes returns the names that several of the hosts have in common, nil if there
// are none. It looks at the archives with records between from and to, and at the
// last archive of each host.
func (h *HostNames) Clashes(sets []*store.Set, from, to pcp.Timestamp) *HostClashes {
	if len(sets) < 2 {
		return nil
	}
	names, targets := map[string][]string{}, map[target][]string{}
	note := func(host string, c claims) {
		for _, n := range c.names {
			names[PromText(n)] = withHost(names[PromText(n)], host)
		}
		for _, t := range c.targets {
			targets[t] = withHost(targets[t], host)
		}
	}
	for _, set := range sets {
		for r := range set.Between(from, to) {
			note(set.Host(), h.claims(r))
		}
		if r := set.Last(); r != nil {
			note(set.Host(), h.claims(r))
		}
	}
	ownNames(names)
	single := func(hosts []string) bool { return len(hosts) < 2 }
	maps.DeleteFunc(names, func(_ string, hosts []string) bool { return single(hosts) })
	maps.DeleteFunc(targets, func(_ target, hosts []string) bool { return single(hosts) })
	if len(names)+len(targets) == 0 {
		return nil
	}
	return &HostClashes{names, targets}
}

// ownNames adds the own names of the hosts in a clash to the claims. Their series
// get these names, which another host may claim, too.
func ownNames(names map[string][]string) {
	for again := true; again; {
		again = false
		for _, hosts := range maps.Clone(names) {
			if len(hosts) < 2 {
				continue
			}
			for _, host := range hosts {
				if n := len(names[host]); n > 0 {
					names[host] = withHost(names[host], host)
					again = again || len(names[host]) > n
				}
			}
		}
	}
}

// withHost adds a host to a sorted list unless the list has it.
func withHost(hosts []string, host string) []string {
	i, known := slices.BinarySearch(hosts, host)
	if known {
		return hosts
	}
	return slices.Insert(hosts, i, host)
}

// claims returns the claims of an archive, from memory if possible.
func (h *HostNames) claims(r *archive.Reader) claims {
	h.mu.Lock()
	defer h.mu.Unlock()
	c, ok := h.archives[r.Base()]
	if !ok {
		c = claimsOf(r.Header().Host, r.Meta())
		if h.archives == nil {
			h.archives = map[string]claims{}
		}
		h.archives[r.Base()] = c
	}
	return c
}

// claimsOf collects the claims of an archive of a host from its metadata.
func claimsOf(host string, store *meta.Store) (c claims) {
	names := store.Hostnames()
	c.names = names
	if len(names) == 0 {
		c.names = []string{host}
	}
	for _, level := range []labelset.Level{labelset.Domain, labelset.InDom, labelset.Cluster, labelset.Item} {
		for l := range store.LevelLabels(level) {
			for _, set := range l.Sets {
				if name, ok := set.Set.Lookup(labelHostname); ok && !slices.Contains(c.names, name.Text()) {
					c.names = append(c.names, name.Text())
				}
				t := target{set.Set.Text("job"), set.Set.Text("instance")}
				if level == labelset.Cluster && set.Set.Text("source") != "" && !slices.Contains(c.targets, t) {
					c.targets = append(c.targets, t)
				}
			}
		}
	}
	return c
}

// Claimed reports whether several hosts claim a value of the label hostname.
func (c *HostClashes) Claimed(value string) bool {
	return c != nil && len(c.names[PromText(value)]) > 0
}

// target reports whether several hosts recorded the endpoint in labels.
func (c *HostClashes) target(labels []prom.Label) bool {
	if c == nil {
		return false
	}
	var t target
	for _, l := range labels {
		switch l.Name {
		case "job":
			t.job = l.Value
		case "instance":
			t.instance = l.Value
		}
	}
	return len(c.targets[t]) > 0
}

// Lines returns one sentence for users about each clash and its hosts.
func (c *HostClashes) Lines() (lines []string) {
	if c == nil {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(c.names)) {
		lines = append(lines, fmt.Sprintf("the archives of hosts %s all have the label hostname=%q: hostname is the host of the archive's label instead",
			strings.Join(c.names[name], ", "), name))
	}
	byTarget := func(a, b target) int {
		return cmp.Or(strings.Compare(a.job, b.job), strings.Compare(a.instance, b.instance))
	}
	for _, t := range slices.SortedFunc(maps.Keys(c.targets), byTarget) {
		lines = append(lines, fmt.Sprintf("the archives of hosts %s all have series of job=%q, instance=%q: the label hostname, the host of the archive's label, tells them apart",
			strings.Join(c.targets[t], ", "), t.job, t.instance))
	}
	return lines
}

// rehostLabels sets hostname to the archive's host if several hosts claim its
// value. The last hostname in labels counts.
func (c *HostClashes) rehostLabels(labels []prom.Label, host string) []prom.Label {
	if c == nil || host == "" {
		return labels
	}
	for _, l := range slices.Backward(labels) {
		if l.Name == labelHostname {
			if c.Claimed(l.Value) {
				labels = append(labels, prom.Label{Name: labelHostname, Value: host})
			}
			break
		}
	}
	return labels
}

// rehostMetric is rehostLabels for the labels of a metric.
func (c *HostClashes) rehostMetric(m *history.Metric, host string) *history.Metric {
	if c == nil || host == "" {
		return m
	}
	for i := range m.Labels {
		if name, ok := m.Labels[i].Lookup(labelHostname); ok && c.Claimed(name.Text()) {
			m = withHostname(m, i, host)
		}
	}
	return m
}

// withHostname returns a copy of a metric with the label hostname at a level.
func withHostname(m *history.Metric, level int, host string) *history.Metric {
	labels := slices.DeleteFunc(slices.Collect(m.Labels[level].All()), func(l labelset.Label) bool { return l.Name == labelHostname })
	set, err := labelset.New(labelset.Levels[level], append(labels, labelset.String(labelHostname, host))...)
	if err != nil {
		return m // the set is full
	}
	c := *m
	c.Labels[level] = set
	return &c
}
