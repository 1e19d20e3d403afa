package pmapi

import (
	"context"
	"encoding/base64"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/instant"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/serve/exporter"
)

// fetch replies with the values of metrics.
func (x *request) fetch() error {
	items, ids, given := x.list()
	if !given {
		return exporter.Refusal("bad parameters passed")
	}
	if err := x.open(); err != nil {
		return err
	}
	n, err := x.namespace()
	if err != nil {
		return err
	}
	metrics := n.find(items, ids)
	if len(metrics) == 0 && len(items) <= 1 {
		switch {
		case len(items) == 0:
			return exporter.Refusal("%s", pcp.Errno(-12443))
		case x.form.Has("name") || x.form.Has("pmid"):
			return exporter.Refusal("bad parameters passed")
		}
	}
	v, err := x.values(n, metrics)
	if err != nil {
		return err
	}
	x.writeValues(n, metrics, v)
	return nil
}

// find returns the metrics that names or identifiers stand for. It leaves out others.
func (n *namespace) find(items []string, ids bool) (all []named) {
	for _, text := range items {
		m, ok := named{}, false
		if !ids {
			m, ok = n.lookup(text)
		} else if id, valid := parsePMID(text); valid {
			m, ok = n.byID(id)
		}
		if ok {
			all = append(all, m)
		}
	}
	return all
}

// values returns the values of metrics, in one reading, with those of derived metrics.
func (x *request) values(n *namespace, metrics []named) (*fetched, error) {
	f := &fetched{derived: map[string]*derivedValues{}}
	ids := []pcp.PMID{}
	for _, m := range metrics {
		if m.derived == nil {
			ids = append(ids, m.desc.PMID)
			continue
		}
		for _, d := range m.derived.Operands {
			ids = append(ids, d.PMID)
		}
	}
	var err error
	if f.now, err = x.api.opts.Values.At(x.r.Context(), n.subject, n.at, ids); err != nil {
		return nil, err
	}
	for _, m := range metrics {
		if m.derived == nil || f.derived[m.name] != nil {
			continue
		}
		var before *instant.Values
		if m.derived.Before { // mostly at the same instant, which the cache knows then
			if before, err = x.api.opts.Values.At(x.r.Context(), n.subject, earlier(m.derived, f.now), ids); err != nil {
				return nil, err
			}
		}
		f.derived[m.name] = n.evaluate(m.derived, f.now, before)
	}
	return f, nil
}

// fetched are the values that a request fetches.
type fetched struct {
	now     *instant.Values
	derived map[string]*derivedValues
}

// writeValues writes the reply.
func (x *request) writeValues(n *namespace, metrics []named, f *fetched) {
	stamp := f.now.Stamp
	if stamp.IsZero() { // nothing was read
		stamp = n.end(x.r.Context())
	}
	stamp = x.view.Forth(stamp)
	x.ctx.mu.Lock()
	profile := x.ctx.profile // never changed, only replaced
	x.ctx.mu.Unlock()
	j := x.begin()
	if x.compat {
		j.text(fmt.Sprintf(`{"timestamp":{"s":%d,"us":%d}`, stamp.Sec, stamp.Nsec/1000))
	} else {
		x.head(j)
		j.text(fmt.Sprintf(`,"timestamp":%d.%09d`, stamp.Sec, stamp.Nsec))
	}
	j.text(`,"values":[`)
	for i := range metrics {
		m := &metrics[i]
		if i > 0 {
			j.text(",")
		}
		j.text("{")
		if x.compat {
			j.text(`"pmid":` + strconv.FormatUint(uint64(m.desc.PMID), 10))
		} else {
			j.text(`"pmid":`)
			j.quoted(m.desc.PMID.String())
		}
		j.member("name", m.name)
		j.text(`,"instances":[`)
		separator := ""
		f.each(m, func(v *history.Value) {
			if !profile.has(m.desc.InDom, v.Inst) {
				return
			}
			j.text(separator + `{"instance":`)
			separator = ","
			x.instance(j, m.desc.InDom, v.Inst)
			j.text(`,"value":`)
			n.value(j, m.desc.Type, v)
			j.text("}")
		})
		j.text("]}")
	}
	j.text("]}")
	_ = j.end()
}

// end returns the instant, or about the end of the archives if that is earlier.
func (n *namespace) end(ctx context.Context) pcp.Timestamp {
	end, err := n.subject.Set().Until(ctx.Err).Ending()
	if err != nil || n.at.Before(end) {
		return n.at
	}
	return end
}

// each calls f for each value of a metric.
func (f *fetched) each(m *named, use func(*history.Value)) {
	if m.derived != nil {
		values := f.derived[m.name].values
		for i := range values {
			use(&values[i])
		}
		return
	}
	found := f.now.Metric(m.desc.PMID)
	if found == nil {
		return
	}
	for i := range found.Points {
		use(&found.Points[i].Value)
	}
}

// instance appends the number of an instance.
func (x *request) instance(j *jsonReply, domain pcp.InDomID, id pcp.InstID) {
	switch {
	case domain != pcp.InDomNull:
		j.text(strconv.Itoa(int(id)))
	case x.compat:
		j.text("-1")
	default:
		j.text("null")
	}
}

// value appends a value. One that does not fit its type, or that JSON has no number for, is
// null.
func (n *namespace) value(j *jsonReply, t pcp.Type, v *history.Value) {
	switch {
	case t == pcp.TypeString:
		j.quoted(v.Text())
	case t == pcp.TypeEvent || t == pcp.TypeHighResEvent:
		n.events(j, v)
	case t.IsNumeric():
		j.text(numberText(t, v))
	case utf8.Valid(v.Data) && !strings.ContainsRune(string(v.Data), 0):
		j.quoted(string(v.Data))
	default: // an aggregate is any bytes
		j.quoted(base64.StdEncoding.EncodeToString(v.Data))
	}
}

// numberText returns a number with all its digits.
func numberText(t pcp.Type, v *history.Value) string {
	f, ok := v.Number(t)
	if !ok || math.IsNaN(f) || math.IsInf(f, 0) {
		return "null"
	}
	switch t {
	case pcp.Type32:
		return strconv.Itoa(int(int32(v.Bits)))
	case pcp.TypeU32:
		return strconv.FormatUint(uint64(uint32(v.Bits)), 10)
	case pcp.Type64:
		return strconv.FormatInt(int64(v.Bits), 10)
	case pcp.TypeU64:
		return strconv.FormatUint(v.Bits, 10)
	case pcp.TypeFloat:
		return strconv.FormatFloat(f, 'g', -1, 32)
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}

// events appends the records of an event array, null for one that is damaged.
func (n *namespace) events(j *jsonReply, v *history.Value) {
	events, err := v.Events()
	if err != nil {
		j.text("null")
		return
	}
	j.text("[")
	for i := range events {
		e := &events[i]
		if i > 0 {
			j.text(",")
		}
		j.text(fmt.Sprintf(`{"timestamp":%d.%09d,"flags":%d`, e.Stamp.Sec, e.Stamp.Nsec, uint32(e.Flags)))
		if e.Flags == history.EventMissed {
			j.text(`,"missed":` + strconv.Itoa(int(e.Missed)))
		}
		j.text(`,"parameters":[`)
		for k := range e.Params {
			if k > 0 {
				j.text(",")
			}
			n.parameter(j, &e.Params[k])
		}
		j.text("]}")
	}
	j.text("]")
}

// parameter appends a parameter of an event.
func (n *namespace) parameter(j *jsonReply, p *history.EventParam) {
	j.text(`{"pmid":`)
	j.quoted(p.PMID.String())
	t := p.Value.Type
	if m, ok := n.byID(p.PMID); ok {
		j.member("name", m.name)
	}
	j.text(`,"value":`)
	if t == pcp.TypeEvent || t == pcp.TypeHighResEvent { // cannot be nested
		t = pcp.TypeAggregate
	}
	n.value(j, t, &p.Value)
	j.text("}")
}
