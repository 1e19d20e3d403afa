package dump

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

// events prints the event arrays of a metric.
func (d *dumper) events(m *metric, s *archive.ValueSet, t pcp.Timestamp) {
	if m.indom != pcp.InDomNull {
		d.lookUp(m, t)
	}
	for j := range s.Values {
		v := &s.Values[j]
		d.buf = append(append(d.buf, "    "...), m.head...)
		if m.indom != pcp.InDomNull {
			d.buf = append(m.appendInst(append(d.buf, '['), v.Inst), ']')
		}
		d.buf = append(d.buf, "): "...)
		d.eventArray(v)
		d.spill()
	}
}

func (d *dumper) eventArray(v *history.Value) {
	events, err := v.Events()
	if err != nil { // like pmdumplog, do not even end the line
		d.o.warn(err)
		return
	}
	var missed int32
	for i := range events {
		missed += events[i].Missed
	}
	if len(events) == 0 {
		d.buf = append(d.buf, "No event records\n"...)
		return
	}
	d.buf = strconv.AppendInt(d.buf, int64(len(events)), 10)
	if missed != 0 {
		d.buf = fmt.Appendf(d.buf, " (and %d missed)", missed)
	}
	d.buf = append(d.buf, " event record"...)
	if len(events)+int(missed) != 1 {
		d.buf = append(d.buf, 's')
	}
	d.buf = append(d.buf, '\n')
	for i := range events {
		d.event(i, &events[i], v.Type)
	}
}

// event prints one record of an event array.
func (d *dumper) event(i int, e *history.EventRecord, t pcp.Type) {
	d.buf = fmt.Appendf(d.buf, "        --- event record [%d] timestamp ", i)
	if t == pcp.TypeHighResEvent { // pmdumplog never shows a date here
		d.buf = d.clock.appendOfDay(d.buf, e.Stamp, 9)
	} else {
		d.buf = d.clock.appendFine(d.buf, e.Stamp, 6)
	}
	if e.Flags != 0 {
		d.buf = fmt.Appendf(d.buf, " flags 0x%x (%s)", uint32(e.Flags), eventFlags(e.Flags))
	}
	d.buf = append(d.buf, " ---\n"...)
	if e.Flags&history.EventMissed != 0 {
		d.buf = fmt.Appendf(d.buf, "        ==> %d missed event records\n", e.Missed)
		return
	}
	if len(e.Params) == 0 && e.Flags == 0 {
		d.buf = append(d.buf, "\t          No parameters\n"...)
	}
	for j := range e.Params {
		d.eventParam(&e.Params[j])
	}
}

func (d *dumper) eventParam(p *history.EventParam) {
	m := d.param(p.PMID)
	d.buf = append(append(d.buf, "        "...), m.head...)
	if !m.known {
		d.buf = append(append(append(d.buf, " pmLookupDesc: "...), d.errorText(-12378)...), '\n')
		return
	}
	d.buf = append(appendParam(append(d.buf, " value "...), m.typ, &p.Value), '\n')
}

// param returns the metric of an event parameter. Its head has the form for parameters.
func (d *dumper) param(id pcp.PMID) *metric {
	if m, ok := d.params[id]; ok {
		return m
	}
	desc, known := d.store.Desc(id)
	m := d.newMetric(id, desc, known)
	names := d.names.namesOf(id)
	switch {
	case id == pcp.NewPMID(pcp.DynamicDomain, 0, 1) && !m.known: // a client defines these two itself
		m.known, m.typ, names = true, pcp.TypeU32, []string{"event.flags"}
	case id == pcp.NewPMID(pcp.DynamicDomain, 0, 2) && !m.known:
		m.known, m.typ, names = true, pcp.TypeU32, []string{"event.missed"}
	}
	m.head = "PMID: " + id.String() + ":"
	if m.known && len(names) > 0 {
		m.head = id.String() + " (" + strings.Join(names, " or ") + "):"
	}
	d.params[id] = m
	return m
}

// appendParam appends a parameter's value. Integers of 32 bits are stored in a block
// here, but they print like a metric's value in situ.
func appendParam(b []byte, t pcp.Type, v *history.Value) []byte {
	if v.Data == nil && (v.Type == pcp.Type32 || v.Type == pcp.TypeU32) {
		return appendValue(b, t, archive.InSitu, v)
	}
	return appendValue(b, t, archive.Block, v)
}

// eventFlags names the flags of an event record.
func eventFlags(f history.EventFlags) string {
	if f&history.EventMissed != 0 {
		return "missed"
	}
	var names []string
	for i, name := range [...]string{"point", "start", "end", "id", "parent"} {
		if f&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, ",")
}
