package pmapi

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/derive"
	"github.com/pcparchive/pcparchive/instant"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/serve/exporter"
)

// namespace are the metrics of a context at an instant.
type namespace struct {
	subject instant.Subject
	at      pcp.Timestamp
	readers []*archive.Reader // by ascending start
	derived []*derivedMetric
	bound   []named // derived metrics that have operands; nil until they are needed
}

// named is a metric under one of its names.
type named struct {
	name    string
	desc    *meta.Desc
	reader  *archive.Reader // nil for a derived metric
	derived *derive.Metric
}

// namespace returns the metrics of the request's context.
func (x *request) namespace() (*namespace, error) {
	if x.names != nil {
		return x.names, nil
	}
	s, t, err := x.subject()
	if err != nil {
		return nil, err
	}
	x.ctx.mu.Lock()
	derived := x.ctx.derived // only appended to
	x.ctx.mu.Unlock()
	readers, err := s.Readers(x.r.Context(), t)
	if err != nil {
		return nil, err
	}
	x.names = &namespace{subject: s, at: t, readers: readers, derived: derived}
	return x.names, nil
}

// lookup returns the metric with a name. Derived metrics come last, as in PCP.
func (n *namespace) lookup(name string) (named, bool) {
	for _, r := range slices.Backward(n.readers) {
		if d, ok := r.Meta().Lookup(name); ok {
			return named{name: name, desc: d, reader: r}, true
		}
	}
	for _, m := range n.derivedMetrics() {
		if m.name == name {
			return m, true
		}
	}
	return named{}, false
}

// byID returns the metric with an identifier.
func (n *namespace) byID(id pcp.PMID) (named, bool) {
	for _, r := range slices.Backward(n.readers) {
		if d, ok := r.Meta().Desc(id); ok {
			return named{name: d.Name(), desc: d, reader: r}, true
		}
	}
	for _, m := range n.derivedMetrics() {
		if m.desc.PMID == id {
			return m, true
		}
	}
	return named{}, false
}

// below returns the metrics called name or in the subtree below it, sorted by name; "" means
// all.
func (n *namespace) below(name string) (all []named) {
	if m, ok := n.lookup(name); ok && name != "" {
		return []named{m}
	}
	for _, r := range slices.Backward(n.readers) {
		for d := range r.Meta().Metrics() {
			for _, text := range d.NamesBelow(name) {
				if text != "" {
					all = append(all, named{name: text, desc: d, reader: r})
				}
			}
		}
	}
	for _, m := range n.derivedMetrics() {
		if name == "" || meta.Matches(m.name, name) {
			all = append(all, m)
		}
	}
	slices.SortStableFunc(all, func(a, b named) int { return cmp.Compare(a.name, b.name) })
	return slices.CompactFunc(all, func(a, b named) bool { return a.name == b.name })
}

// children returns the last parts of the names directly below a name. ok is false if the
// name does not exist.
func (n *namespace) children(name string) (leaves, inner []string, ok bool) {
	seen := map[string]bool{} // true for inner nodes
	all := n.below(name)
	for _, m := range all {
		rest := m.name
		if name != "" {
			rest = strings.TrimPrefix(strings.TrimPrefix(rest, name), ".")
		}
		child, _, more := strings.Cut(rest, ".")
		if child != "" {
			seen[child] = seen[child] || more
		}
	}
	for child, more := range seen {
		if more {
			inner = append(inner, child)
		} else {
			leaves = append(leaves, child)
		}
	}
	slices.Sort(leaves)
	slices.Sort(inner)
	return leaves, inner, len(all) > 0 || name == ""
}

// parsePMID parses an identifier: "60.2.0", or a decimal or hexadecimal number.
func parsePMID(text string) (pcp.PMID, bool) {
	parts := strings.Split(text, ".")
	if len(parts) == 1 {
		n, err := strconv.ParseUint(text, 0, 32)
		return pcp.PMID(n), err == nil && n != math.MaxUint32
	}
	limits := [...]uint64{511, 4095, 1023}
	if len(parts) != len(limits) {
		return 0, false
	}
	var id [len(limits)]uint32
	for i, part := range parts {
		n, err := strconv.ParseUint(part, 10, 32)
		if err != nil || n > limits[i] {
			return 0, false
		}
		id[i] = uint32(n)
	}
	return pcp.NewPMID(id[0], id[1], id[2]), true
}

// parseInDom parses the identifier of an instance domain: "60.2" or a number.
func parseInDom(text string) (pcp.InDomID, bool) {
	domain, serial, ok := strings.Cut(text, ".")
	if !ok {
		n, err := strconv.ParseUint(text, 0, 32)
		return pcp.InDomID(n), err == nil && n != math.MaxUint32
	}
	d, err := strconv.ParseUint(domain, 10, 32)
	if err != nil || d > 511 {
		return 0, false
	}
	s, err := strconv.ParseUint(serial, 10, 32)
	if err != nil || s > 1<<22-1 {
		return 0, false
	}
	return pcp.NewInDomID(uint32(d), uint32(s)), true
}

// contextLabels returns the labels of the context.
func (n *namespace) contextLabels() labelset.Set {
	if len(n.readers) == 0 {
		set, _ := labelset.New(labelset.Context, labelset.String("hostname", n.subject.Host())) // a name is a valid label
		return set
	}
	m, _, _ := n.readers[len(n.readers)-1].MetricAt(&meta.Desc{InDom: pcp.InDomNull}, n.at)
	return m.Labels[labelset.AtContext]
}

// merged returns label sets of several levels as one.
func merged(sets ...labelset.Set) labelset.Set {
	set, err := labelset.Merge(sets...)
	if err != nil { // of a damaged archive
		return sets[0]
	}
	return set
}

// errUnknownName is what PCP says of a name that does not exist.
const errUnknownName = pcp.Errno(-12357)

// parameter names the metrics or identifiers of a request: its list, and whether they are
// identifiers.
func (x *request) list() (items []string, ids, given bool) {
	for _, name := range []string{"names", "name", "pmids", "pmid"} {
		if values, ok := x.form[name]; ok {
			return exporter.List(values[0]), strings.HasPrefix(name, "pmid"), true
		}
	}
	return nil, false, false
}
