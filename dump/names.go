package dump

import (
	"errors"
	"slices"
	"strings"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// namespace is the tree of metric names as pmdumplog builds it. The tree decides
// the order in which the names of one metric are printed.
type namespace struct {
	root   node
	byPMID map[pcp.PMID][]string
}

// node is one part of a dotted name. The path from the root to a node is its name.
type node struct {
	name     string
	id       pcp.PMID         // the metric with this name; PMIDNull if there is none
	children []*node          // in order of appearance
	index    map[string]*node // the children by name
}

func newNamespace() *namespace {
	return &namespace{root: node{id: pcp.PMIDNull}, byPMID: map[pcp.PMID][]string{}}
}

// addRecord adds the names of a metric's descriptor. Records come in file order.
func (ns *namespace) addRecord(rec archive.Record) {
	desc, ok := rec.(*meta.Desc)
	if !ok {
		return
	}
	for _, name := range desc.Names {
		name, _, _ = strings.Cut(name, "\x00")
		ns.add(name, desc.PMID)
	}
}

// collect sets the names of each metric, after the last addRecord.
func (ns *namespace) collect() { ns.root.collect("", ns.byPMID) }

// atTornEnd reports whether err is about a rest of the metadata shorter than the two
// lengths of a record. Pmdumplog does not take such a rest for a record.
func atTornEnd(r *archive.Reader, err error) bool {
	var fe *pcp.FormatError
	if !errors.As(err, &fe) || !errors.Is(err, pcp.ErrUnfinished) {
		return false
	}
	for _, m := range r.Members() {
		if m.Role == archive.RoleMeta {
			return m.Compress == "" && m.Size-fe.Offset < 8
		}
	}
	return false
}

// add puts a name into the tree, unless it already is the name of a metric or of a
// subtree.
func (ns *namespace) add(name string, id pcp.PMID) {
	n := &ns.root
	for part := range strings.SplitSeq(name, ".") {
		child := n.index[part]
		if child == nil {
			child = &node{name: part, id: pcp.PMIDNull}
			if n.index == nil {
				n.index = map[string]*node{}
			}
			n.index[part] = child
			n.children = append(n.children, child)
		}
		n = child
	}
	if n.id == pcp.PMIDNull && len(n.children) == 0 {
		n.id = id
	}
}

// collect adds the names below n to byPMID. Siblings come in order of appearance, and
// the names below a node before the node's own. The root of a dynamic subtree has no
// name.
func (n *node) collect(prefix string, byPMID map[pcp.PMID][]string) {
	for _, child := range n.children {
		name := prefix + child.name
		child.collect(name+".", byPMID)
		if dynamic := child.id.Domain() == pcp.DynamicDomain && child.id.Item() == 0; !dynamic && child.id != pcp.PMIDNull {
			byPMID[child.id] = append(byPMID[child.id], name)
		}
	}
}

// namesOf returns the names of a metric.
func (ns *namespace) namesOf(id pcp.PMID) []string { return ns.byPMID[id] }

// metricsBelow returns the metrics with the given name or below it. ok is false if the
// name does not exist.
func (ns *namespace) metricsBelow(name string) (ids []pcp.PMID, ok bool) {
	n := &ns.root
	for part := range strings.SplitSeq(name, ".") {
		if n = n.index[part]; n == nil {
			return nil, false
		}
	}
	if n.id != pcp.PMIDNull {
		return []pcp.PMID{n.id}, true
	}
	found := map[pcp.PMID][]string{}
	n.collect("", found)
	for id := range found {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids, true
}
