package dump

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// labelOrder is the order in which pmdumplog prints label sets of one time.
var labelOrder = [...]labelset.Level{
	labelset.Context, labelset.Domain, labelset.Cluster, labelset.Item, labelset.InDom, labelset.Instances,
}

// labelSets prints the label sets by time. It omits a record that repeats its
// predecessor, because pmdumplog discards such a record when it opens an archive.
// Release 6.0.3 also discards single instance label sets that the predecessor has.
func (d *dumper) labelSets() error {
	d.title("Metric Labels in the Log ...")
	byTime := map[pcp.Timestamp][]*meta.Labels{}
	var chain []*meta.Labels
	keep := func() {
		for _, l := range withoutRepeats(chain, d.o.before7()) {
			byTime[l.Stamp] = append(byTime[l.Stamp], l)
		}
		chain = chain[:0]
	}
	for l := range d.store.AllLabels() {
		if !slices.Contains(labelOrder[:], l.Level) {
			continue
		}
		if len(chain) > 0 && labelKey(chain[0]) != labelKey(l) {
			keep()
		}
		chain = append(chain, l)
	}
	keep()
	for _, t := range slices.SortedFunc(maps.Keys(byTime), pcp.Timestamp.Compare) {
		d.buf = append(d.clock.appendTime(d.buf, t), '\n')
		for _, l := range sortLabels(byTime[t]) {
			d.labelRecord(l)
			d.spill()
		}
	}
	return nil
}

type labelRecordKey struct {
	level labelset.Level
	ident uint32
}

// labelKey returns the key of the object that the labels belong to.
func labelKey(l *meta.Labels) labelRecordKey {
	if l.Level == labelset.Context {
		return labelRecordKey{l.Level, meta.ContextIdent} // the stored identifier has no meaning
	}
	return labelRecordKey{l.Level, l.Ident}
}

// withoutRepeats removes repetitions from the records of one key. chain ascends by
// time; the result descends. If sets is false, it removes records that equal their
// predecessor. If sets is true, it removes each set that the predecessor has, and
// records without a set left. Of two records with the same time, the one stored later
// counts as the predecessor, as in pmdumplog.
func withoutRepeats(chain []*meta.Labels, sets bool) []*meta.Labels {
	newest := slices.Clone(chain)
	slices.SortStableFunc(newest, func(a, b *meta.Labels) int { return b.Stamp.Compare(a.Stamp) })
	var kept []*meta.Labels
	for i, l := range newest {
		if i+1 == len(newest) {
			kept = append(kept, l)
			break
		}
		if !sets {
			if !repeats(l, newest[i+1]) {
				kept = append(kept, l)
			}
			continue
		}
		rest := *l
		rest.Sets = nil
		for _, set := range l.Sets {
			if !holds(newest[i+1], set) {
				rest.Sets = append(rest.Sets, set)
			}
		}
		if len(rest.Sets) > 0 {
			kept = append(kept, &rest)
		}
	}
	return kept
}

// repeats reports whether two records have equal label sets.
func repeats(a, b *meta.Labels) bool {
	return slices.EqualFunc(a.Sets, b.Sets, func(x, y labelset.Instance) bool {
		return x.Inst == y.Inst && x.Err == y.Err && x.Set.Equal(y.Set)
	})
}

// holds reports whether l has a label set equal to set. The sets of l ascend by instance.
func holds(l *meta.Labels, set labelset.Instance) bool {
	i, _ := slices.BinarySearchFunc(l.Sets, set.Inst, func(e labelset.Instance, id pcp.InstID) int { return cmp.Compare(e.Inst, id) })
	for ; i < len(l.Sets) && l.Sets[i].Inst == set.Inst; i++ {
		if l.Sets[i].Err == set.Err && l.Sets[i].Set.Equal(set.Set) {
			return true
		}
	}
	return false
}

// sortLabels sorts label records of one time by labelOrder, then by identifier.
func sortLabels(records []*meta.Labels) []*meta.Labels {
	slices.SortStableFunc(records, func(a, b *meta.Labels) int {
		return cmp.Or(cmp.Compare(slices.Index(labelOrder[:], a.Level), slices.Index(labelOrder[:], b.Level)),
			cmp.Compare(a.Ident, b.Ident))
	})
	return records
}

func (d *dumper) labelRecord(l *meta.Labels) {
	subject := labelSubject(l)
	for _, set := range l.Sets {
		d.buf = append(append(d.buf, "    "...), subject...)
		if l.Level == labelset.Instances {
			d.buf = fmt.Appendf(d.buf, "[%d]", set.Inst)
		}
		text := set.Set.JSON()
		d.buf = fmt.Appendf(d.buf, " labels (%d bytes): %s\n", len(text), text)
		for i, e := range set.Set.Stored() {
			d.buf = fmt.Appendf(d.buf, "        [%d] name(%d,%d) : value(%d,%d) [%s]\n",
				i, e.NameOffset, e.NameLength, e.ValueOffset, e.ValueLength, labelFlags(e.Flags))
		}
	}
}

// labelSubject names the object that the labels belong to.
func labelSubject(l *meta.Labels) string {
	id := pcp.PMID(l.Ident)
	switch {
	case l.Level == labelset.Context:
		return "Context"
	case l.Level == labelset.Domain:
		return fmt.Sprintf("Domain %d", l.Ident)
	case l.Level == labelset.Cluster && id.Domain() == pcp.DynamicDomain:
		return fmt.Sprintf("Cluster %d.*", id.Cluster())
	case l.Level == labelset.Cluster:
		return fmt.Sprintf("Cluster %d.%d", id.Domain(), id.Cluster())
	case l.Level == labelset.Item:
		return "PMID " + id.String()
	}
	return "InDom " + pcp.InDomID(l.Ident).String()
}

// labelFlags names the level and the properties in a label's flags.
func labelFlags(flags uint8) string {
	var text string
	switch level := labelset.Level(flags &^ uint8(labelset.Compound|labelset.Optional)); level {
	case labelset.Item:
		text = "pmid"
	case labelset.Context, labelset.Domain, labelset.InDom, labelset.Cluster, labelset.Instances:
		text = level.String()
	default:
		text = "?"
	}
	if flags&uint8(labelset.Compound) != 0 {
		text += ",compound"
	}
	if flags&uint8(labelset.Optional) != 0 {
		text += ",optional"
	}
	return text
}
