package flatten

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/parallel"
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
	// Known returns the claims of an archive if they are known without reading its
	// metadata. It may be nil.
	Known func(store.Archive) (Claims, bool)

	mu       sync.Mutex
	archives map[string]Claims // by base path
}

// Claims are the names by which the series of an archive name their host.
type Claims struct {
	Names   []string // values of the label hostname
	Targets []Target // endpoints that the archive recorded
}

// Target is an endpoint as Prometheus identifies it.
type Target struct{ Job, Instance string }

// HostClashes are the names that the archives of several hosts have in common. A
// [Flattener] sets the label hostname of the series with such a name to the
// archive's host. A nil *HostClashes has none.
type HostClashes struct {
	names   map[string][]string // hosts by value of the label hostname
	targets map[Target][]string // hosts by endpoint
}

// Clashes returns the names that several of the hosts have in common, nil if there
// are none. It looks at the archives with records between from and to, and at the
// last archive of each host.
func (h *HostNames) Clashes(sets []*store.Set, from, to pcp.Timestamp) *HostClashes {
	if len(sets) < 2 {
		return nil
	}
	h.gather(sets, from, to)
	return ClashesOf(func(yield func(string, Claims) bool) {
		for _, set := range sets {
			for a := range set.Spanning(from, to) {
				if c, ok := h.claims(set, a); ok && !yield(set.Host(), c) {
					return
				}
			}
			if c, ok := h.last(set); ok && !yield(set.Host(), c) {
				return
			}
		}
	})
}

// gather finds the claims of archives with all processors, one host on each.
func (h *HostNames) gather(sets []*store.Set, from, to pcp.Timestamp) {
	_ = parallel.Do(len(sets), func(i int) error {
		for a := range sets[i].Spanning(from, to) {
			h.claims(sets[i], a)
		}
		return nil
	})
}

// ClashesOf returns the names that several hosts claim, nil if there are none. all yields a
// host and the claims of one of its archives.
func ClashesOf(all iter.Seq2[string, Claims]) *HostClashes {
	names, targets := map[string][]string{}, map[Target][]string{}
	for host, c := range all {
		for _, n := range c.Names {
			names[PromText(n)] = withHost(names[PromText(n)], host)
		}
		for _, t := range c.Targets {
			targets[t] = withHost(targets[t], host)
		}
	}
	ownNames(names)
	single := func(hosts []string) bool { return len(hosts) < 2 }
	maps.DeleteFunc(names, func(_ string, hosts []string) bool { return single(hosts) })
	maps.DeleteFunc(targets, func(_ Target, hosts []string) bool { return single(hosts) })
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

// last returns the claims of the last archive of a host that can be read.
func (h *HostNames) last(set *store.Set) (c Claims, ok bool) {
	for _, a := range slices.Backward(set.Archives()) {
		if c, ok := h.claims(set, a); ok {
			return c, true
		}
	}
	return c, false
}

// Learn notes the claims of an archive, so that nobody has to read its metadata for them.
func (h *HostNames) Learn(base string, c Claims) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.archives == nil {
		h.archives = map[string]Claims{}
	}
	h.archives[base] = c
}

// claims returns the claims of an archive, from memory if possible. ok is false if the
// archive cannot be read.
func (h *HostNames) claims(set *store.Set, a store.Archive) (c Claims, ok bool) {
	h.mu.Lock()
	c, ok = h.archives[a.Base]
	h.mu.Unlock()
	if ok {
		return c, true
	}
	if h.Known != nil {
		c, ok = h.Known(a)
	}
	if !ok {
		r := set.Reader(a.Base)
		if r == nil {
			return c, false
		}
		c = ClaimsOf(r.Header().Host, r.Meta())
	}
	h.Learn(a.Base, c)
	return c, true
}

// ClaimsOf collects the claims of an archive of a host from its metadata.
func ClaimsOf(host string, store *meta.Store) (c Claims) {
	names := store.Hostnames()
	c.Names = names
	if len(names) == 0 {
		c.Names = []string{host}
	}
	for _, level := range []labelset.Level{labelset.Domain, labelset.InDom, labelset.Cluster, labelset.Item} {
		for l := range store.LevelLabels(level) {
			for _, set := range l.Sets {
				if name, ok := set.Set.Lookup(labelHostname); ok && !slices.Contains(c.Names, name.Text()) {
					c.Names = append(c.Names, name.Text())
				}
				t := Target{set.Set.Text("job"), set.Set.Text("instance")}
				if level == labelset.Cluster && set.Set.Text("source") != "" && !slices.Contains(c.Targets, t) {
					c.Targets = append(c.Targets, t)
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
	var t Target
	for _, l := range labels {
		switch l.Name {
		case "job":
			t.Job = l.Value
		case "instance":
			t.Instance = l.Value
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
	byTarget := func(a, b Target) int {
		return cmp.Or(strings.Compare(a.Job, b.Job), strings.Compare(a.Instance, b.Instance))
	}
	for _, t := range slices.SortedFunc(maps.Keys(c.targets), byTarget) {
		lines = append(lines, fmt.Sprintf("the archives of hosts %s all have series of job=%q, instance=%q: the label hostname, the host of the archive's label, tells them apart",
			strings.Join(c.targets[t], ", "), t.Job, t.Instance))
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
