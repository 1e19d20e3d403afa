package check

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// labelState is the state of the labels of one level and identifier.
type labelState struct {
	off   int64                // offset of the first record
	last  *meta.Labels         // the last record
	insts map[pcp.InstID]int64 // offset of the first record for each instance
}

// labelRecord checks a record of label sets.
func (c *checker) labelRecord(p place, l *meta.Labels) {
	subject := labelSubject(l.Level, l.Ident)
	if what := badIdent(l); what != "" {
		c.at(p, LabelsLevel, "%s: %s", subject, what)
	}
	seen := map[pcp.InstID]bool{}
	for i := range l.Sets {
		c.checkSet(p, subject, l.Level, &l.Sets[i])
		if seen[l.Sets[i].Inst] {
			c.at(p, LabelsRepeat, "%s: two sets for instance %d", subject, l.Sets[i].Inst)
		}
		seen[l.Sets[i].Inst] = true
	}
	c.checkAgainstLast(p, subject, l)
	c.store.AddLabels(l)
}

// checkAgainstLast compares a record with its predecessor and records it.
func (c *checker) checkAgainstLast(p place, subject string, l *meta.Labels) {
	key := labelKey{l.Level, l.Ident}
	if l.Level == labelset.Context {
		key.ident = meta.ContextIdent
	}
	st := c.labelSet[key]
	if st == nil {
		st = &labelState{off: p.off, insts: map[pcp.InstID]int64{}}
		c.labelSet[key] = st
	}
	if st.last != nil && st.last.Stamp == l.Stamp && !st.last.SameSets(l) {
		c.at(p, LabelsHidden, "%s: there is another record of the time %s; readers see only one", subject, l.Stamp)
	}
	st.last = l
	if l.Level == labelset.Instances {
		for i := range l.Sets {
			if _, ok := st.insts[l.Sets[i].Inst]; !ok {
				st.insts[l.Sets[i].Inst] = p.off
			}
		}
	}
}

// checkSet checks one label set of a record.
func (c *checker) checkSet(p place, subject string, level labelset.Level, in *labelset.Instance) {
	if level == labelset.Instances && in.Inst != pcp.InstNull {
		subject += " instance " + decimal(in.Inst)
	}
	if in.Err < 0 {
		c.at(p, LabelsError, "%s: error %d in place of labels", subject, int32(in.Err))
	}
	if level != labelset.Instances && in.Inst != pcp.InstNull {
		c.at(p, LabelsLevel, "%s: set for instance %d", subject, in.Inst)
	}
	text := in.Set.JSON()
	repeated, err := jsonNames(text)
	switch {
	case err != nil:
		c.at(p, LabelsJSON, "%s: %.80q: %v", subject, text, err)
	case repeated != "":
		c.at(p, LabelsDuplicate, "%s: %.80q has two labels %q", subject, text, repeated)
	case in.Set.Invalid() != nil:
		c.at(p, LabelsJSON, "%s: %v", subject, in.Set.Invalid())
	default:
		if what := badEntry(in.Set, level); what != "" {
			c.at(p, LabelsSlice, "%s: %.80q: %s", subject, text, what)
		}
	}
}

// badIdent returns why a record's identifier does not fit its level, or "".
func badIdent(l *meta.Labels) string {
	switch l.Level {
	case labelset.Context:
		// Readers ignore the identifier. Importers that use pmiPutLabel write 0.
		if l.Ident != meta.ContextIdent && l.Ident != 0 {
			return fmt.Sprintf("their identifier is 0x%08x", l.Ident)
		}
	case labelset.InDom, labelset.Item, labelset.Instances:
	case labelset.Domain:
		if l.Ident > 511 {
			return "there is no such domain"
		}
	case labelset.Cluster:
		if id := pcp.PMID(l.Ident); id != id.ClusterID() {
			return "a cluster's identifier has item 0"
		}
	default:
		return "the level is unknown"
	}
	return ""
}

func labelSubject(level labelset.Level, ident uint32) string {
	switch level {
	case labelset.Context:
		return "context labels"
	case labelset.Domain:
		return "labels of domain " + decimal(ident)
	case labelset.InDom:
		return "labels of instance domain " + pcp.InDomID(ident).String()
	case labelset.Instances:
		return "instance labels of " + pcp.InDomID(ident).String()
	case labelset.Cluster:
		id := pcp.PMID(ident)
		return "labels of cluster " + decimal(id.Domain()) + "." + decimal(id.Cluster())
	}
	return level.String() + " labels of " + pcp.PMID(ident).String()
}

// endLabels reports labels whose domain, cluster, metric or instance is not in the archive.
func (c *checker) endLabels() {
	indoms := c.knownInDoms()
	domains, clusters := map[uint32]bool{}, map[pcp.PMID]bool{}
	for id := range c.descs {
		domains[id.Domain()], clusters[id.ClusterID()] = true, true
	}
	for id := range indoms {
		domains[id.Domain()] = true
	}
	keys := slices.SortedFunc(maps.Keys(c.labelSet), func(a, b labelKey) int {
		return cmp.Compare(c.labelSet[a].off, c.labelSet[b].off)
	})
	for _, k := range keys {
		known := true
		switch k.level {
		case labelset.Domain:
			known = domains[k.ident]
		case labelset.InDom, labelset.Instances:
			known = indoms[pcp.InDomID(k.ident)]
		case labelset.Cluster:
			known = clusters[pcp.PMID(k.ident)]
		case labelset.Item:
			_, known = c.descs[pcp.PMID(k.ident)]
		}
		if !known {
			c.add(LabelsIdent, c.metaFile.Path, c.labelSet[k].off, "%s, which the archive does not have", labelSubject(k.level, k.ident))
		}
		c.endInstances(k)
	}
}

// endInstances reports labels of instances that their domain never had.
func (c *checker) endInstances(k labelKey) {
	d := c.indoms[pcp.InDomID(k.ident)]
	if k.level != labelset.Instances || d == nil {
		return
	}
	for _, inst := range slices.Sorted(maps.Keys(c.labelSet[k].insts)) {
		if !d.ever[inst] {
			c.add(LabelsInstance, c.metaFile.Path, c.labelSet[k].insts[inst], "%s: the domain has no instance %d", labelSubject(k.level, k.ident), inst)
		}
	}
}
