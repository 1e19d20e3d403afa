package dump

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// metric is a metric of a listing, with its instance domain at the current time.
type metric struct {
	id    pcp.PMID
	head  string // the text that a value set begins with, such as "4.5.6 (name"
	known bool   // the metric has a descriptor
	typ   pcp.Type
	indom pcp.InDomID

	// domain is the instance domain in force from since on and before until. It is nil
	// if no record is in force.
	domain       *meta.InDom
	since, until pcp.Timestamp // equal before the first lookUp
	near         int           // index in domain.Instances of the instance found last
}

// selectMetrics sets the metrics to list.
func (d *dumper) selectMetrics() error {
	if len(d.o.Names) == 0 {
		return nil
	}
	d.want = map[pcp.PMID]struct{}{}
	for _, name := range d.o.Names {
		ids, ok := d.names.metricsBelow(name)
		if !ok {
			d.o.warn(unknownMetric(name))
		}
		for _, id := range ids {
			d.want[id] = struct{}{}
		}
	}
	if len(d.want) == 0 {
		return fmt.Errorf("%s: no metric has one of the names given: %w", d.archiveNames(), errNoMetric)
	}
	return nil
}

// archiveNames names the archives of the listing for an error.
func (d *dumper) archiveNames() string {
	text := "archive " + d.inputs[0].r.Base()
	if n := len(d.inputs) - 1; n > 0 {
		text += fmt.Sprintf(" and %d more", n)
	}
	return text
}

// errNoMetric reports that no metric has a name.
var errNoMetric = errors.New("unknown metric name")

func unknownMetric(name string) error { return fmt.Errorf("metric %s: %w", name, errNoMetric) }

// records prints the data records of all archives.
func (d *dumper) records() error {
	to := d.o.To
	if d.o.Reverse {
		to = d.o.From
	}
	m := d.newMerge()
	for first := true; ; first = false {
		in, size, res, err := m.next()
		if err != nil || res == nil {
			return err
		}
		if first && d.o.Reverse {
			d.reverseTitle(res.Stamp)
		}
		if !to.IsZero() && m.compare(res.Stamp, to) > 0 {
			return nil
		}
		d.record(in, size, res)
		if d.spill(); d.writeErr != nil {
			return d.writeErr
		}
	}
}

func (d *dumper) reverseTitle(t pcp.Timestamp) {
	b := append(d.buf, "\nLog finished at "...)
	d.clock.refresh(t.Sec)
	b = append(append(append(append(b, d.clock.day...), ' '), d.clock.hms...), ' ')
	d.buf = append(append(b, d.clock.year...), " - dump in reverse order\n"...)
}

// record prints a data record of an archive if it holds metrics to list. A mark is
// listed unless Names exclude it.
func (d *dumper) record(in *input, size int, res *archive.Result) {
	if d.want != nil {
		isMark := len(res.Sets) == 0
		d.restrict(res)
		if len(res.Sets) == 0 && (!d.o.Marks || !isMark) {
			return
		}
	}
	b := append(d.buf, '\n')
	if d.o.Sizes {
		b = append(strconv.AppendInt(append(b, '['), int64(size), 10), " bytes]\n"...)
	}
	b = d.clock.appendTime(b, res.Stamp)
	if len(res.Sets) == 0 {
		d.buf = append(b, "  <mark>\n"...)
		return
	}
	b = strconv.AppendInt(append(b, ' '), int64(len(res.Sets)), 10)
	b = append(b, " metric"...)
	if len(res.Sets) > 1 {
		b = append(b, 's')
	}
	d.buf = append(b, '\n')
	for i := range res.Sets {
		d.set(in, i, &res.Sets[i], res.Stamp)
		d.spill()
	}
}

// restrict drops the value sets of metrics that are not to be listed.
func (d *dumper) restrict(res *archive.Result) {
	kept := res.Sets[:0]
	for i := range res.Sets {
		if _, ok := d.want[res.Sets[i].PMID]; ok {
			kept = append(kept, res.Sets[i])
		}
	}
	res.Sets = kept
}

// metric returns a metric of an archive. i is the metric's position in the record.
// Records of a logging group have the same metrics at the same positions, so the
// previous record usually answers.
func (d *dumper) metric(in *input, i int, id pcp.PMID) *metric {
	if i < len(in.recent) && in.recent[i].id == id {
		return in.recent[i]
	}
	m, ok := in.metrics[id]
	if !ok {
		desc, described := in.r.Meta().Desc(id)
		if !described {
			desc, described = d.store.Desc(id)
		}
		m = d.newMetric(id, desc, described)
		in.metrics[id] = m
	}
	for len(in.recent) <= i {
		in.recent = append(in.recent, m)
	}
	in.recent[i] = m
	return m
}

// newMetric returns a metric. desc counts if known is true.
func (d *dumper) newMetric(id pcp.PMID, desc *meta.Desc, known bool) *metric {
	m := &metric{id: id, typ: pcp.TypeUnknown, indom: pcp.InDomNull, head: id.String() + " (<nonames>"}
	if known {
		m.known, m.typ, m.indom = true, desc.Type, desc.InDom
		if names := d.names.namesOf(id); len(names) > 0 {
			m.head = id.String() + " (" + strings.Join(names, " or ")
		}
	}
	return m
}

// set prints the values of a metric at time t. i is its position in the record.
func (d *dumper) set(in *input, i int, s *archive.ValueSet, t pcp.Timestamp) {
	m := d.metric(in, i, s.PMID)
	if len(s.Values) > 0 && (m.typ == pcp.TypeEvent || m.typ == pcp.TypeHighResEvent) {
		d.events(m, s, t)
		return
	}
	b := append(append(d.buf, "    "...), m.head...)
	switch {
	case len(s.Values) == 0 && s.Err == 0:
		d.buf = append(b, "): No values returned!\n"...)
		return
	case len(s.Values) == 0:
		d.buf = append(append(append(b, "): "...), d.errorText(s.Err)...), '\n')
		return
	case len(s.Values) == 1:
		b = append(b, "): "...)
	default:
		b = append(b, "):\n"...)
	}
	if m.indom != pcp.InDomNull {
		d.lookUp(m, t)
	}
	for j := range s.Values {
		v := &s.Values[j]
		if len(s.Values) > 1 {
			b = append(b, "        "...)
		}
		if m.indom != pcp.InDomNull {
			b = append(m.appendInst(append(b, "inst ["...), v.Inst), "] "...)
		}
		b = appendValue(append(b, "value "...), m.typeOf(s.Format), s.Format, v)
		b = append(b, '\n')
	}
	d.buf = b
}

// typeOf returns the type of values in format f. Like pmdumplog, it takes a word in
// situ for an integer if the metric has no descriptor.
func (m *metric) typeOf(f archive.Format) pcp.Type {
	if f == archive.InSitu && !m.known {
		return pcp.Type32
	}
	return m.typ
}

// lookUp sets the instance domain in force at t.
func (d *dumper) lookUp(m *metric, t pcp.Timestamp) {
	if !t.Before(m.since) && t.Before(m.until) {
		return
	}
	m.since = t
	m.domain, m.until = d.store.InDomAt(m.indom, t)
	if m.domain != nil {
		m.since = m.domain.Stamp
	}
}

// appendInst appends an instance as `1 or "name"`. An instance without a name at this
// time gets ??? in its place.
func (m *metric) appendInst(b []byte, id pcp.InstID) []byte {
	b = append(strconv.AppendInt(b, int64(id), 10), " or "...)
	in, ok := m.instance(id)
	if !ok {
		return append(b, "???"...)
	}
	return append(append(append(b, '"'), in.Name...), '"')
}

func (m *metric) instance(id pcp.InstID) (meta.Instance, bool) {
	if m.domain == nil {
		return meta.Instance{}, false
	}
	all := m.domain.Instances
	for _, i := range [...]int{m.near + 1, m.near, 0} { // instances mostly ascend
		if i < len(all) && all[i].ID == id && (i == 0 || all[i-1].ID != id) {
			m.near = i
			return all[i], true
		}
	}
	return m.domain.Lookup(id)
}
