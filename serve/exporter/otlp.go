package exporter

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/instant"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/pcp"
)

// otlp returns values as JSON in the form of OpenTelemetry's protocol: a resource for each
// host, whose attributes are the labels of its context.
func otlp(v *View, q *Query, values []*instant.Values, version string) []byte {
	o := &otlpWriter{v: v, q: q, version: version}
	o.text(`{"resourceMetrics":[`)
	first := true
	for _, vals := range values {
		for _, group := range byContext(vals) {
			if !first {
				o.text(",")
			}
			first = false
			o.resource(group)
		}
	}
	o.text("]}")
	return o.b
}

// byContext groups the metrics with numbers by their context labels, which only archives
// that overlap have several of.
func byContext(values *instant.Values) (groups [][]*instant.Metric) {
	index := map[string]int{}
	for _, m := range values.Metrics {
		if len(m.Points) == 0 || m.Metric.Name == "" || !m.Metric.Desc.Type.IsNumeric() {
			continue
		}
		key := m.Metric.Labels[labelset.AtContext].JSON()
		i, ok := index[key]
		if !ok {
			i = len(groups)
			index[key] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], m)
	}
	return groups
}

// otlpWriter appends JSON.
type otlpWriter struct {
	v       *View
	q       *Query
	version string
	b       []byte
}

func (o *otlpWriter) text(s string) { o.b = append(o.b, s...) }

// quoted appends a JSON string.
func (o *otlpWriter) quoted(s string) { o.b = AppendJSON(o.b, s) }

// AppendJSON appends a text as a JSON string. U+FFFD replaces bytes that are not UTF-8.
func AppendJSON(b []byte, s string) []byte {
	plain := !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' })
	if plain {
		return append(append(append(b, '"'), s...), '"')
	}
	quoted, err := json.Marshal(s)
	if err != nil { // no text makes this fail
		return append(b, `""`...)
	}
	return append(b, quoted...)
}

func (o *otlpWriter) resource(metrics []*instant.Metric) {
	o.text(`{"resource":{"attributes":[`)
	o.labels(metrics[0].Metric.Labels[labelset.AtContext], 0)
	o.text(`]},"scopeMetrics":[{"scope":{"name":"performance-co-pilot","version":`)
	o.quoted(o.version)
	o.text(`},"metrics":[`)
	for i, m := range metrics {
		if i > 0 {
			o.text(",")
		}
		o.metric(m)
	}
	o.text(`]}]}`)
}

// labels appends the labels of a set as attributes, after n others, and returns the number
// of all.
func (o *otlpWriter) labels(set labelset.Set, n int) int {
	for l := range set.All() {
		if l.Flags&labelset.Optional != 0 && !o.q.optional {
			continue
		}
		if n > 0 {
			o.text(",")
		}
		n++
		o.text(`{"key":`)
		o.quoted(l.Name)
		o.text(`,"value":`)
		o.labelValue(l)
		o.text("}")
	}
	return n
}

// labelValue appends the value of a label with the type that it has.
func (o *otlpWriter) labelValue(l labelset.Label) {
	switch {
	case l.Value == "true" || l.Value == "false":
		o.text(`{"boolValue":` + l.Value + "}")
		return
	case isInteger(l.Value):
		o.text(`{"intValue":"` + l.Value + `"}`)
		return
	}
	if f, err := strconv.ParseFloat(l.Value, 64); err == nil && !math.IsInf(f, 0) && !math.IsNaN(f) {
		o.text(`{"doubleValue":` + strconv.FormatFloat(f, 'g', -1, 64) + "}")
		return
	}
	o.text(`{"stringValue":`)
	o.quoted(l.Text())
	o.text("}")
}

func isInteger(text string) bool {
	n, err := strconv.ParseInt(text, 10, 64)
	return err == nil && strconv.FormatInt(n, 10) == text
}

// cumulative is the number of OTLP's AGGREGATION_TEMPORALITY_CUMULATIVE. JSON must have the
// number of an enumeration, not its name.
const cumulative = "2"

func (o *otlpWriter) metric(m *instant.Metric) {
	d := m.Metric.Desc
	o.text(`{"name":`)
	o.quoted(m.Metric.Name)
	o.text(`,"description":`)
	o.quoted(m.Metric.OneLine)
	o.text(`,"unit":`)
	o.quoted(ucum(d.Units))
	if d.Sem == pcp.SemCounter {
		o.text(`,"sum":{"aggregationTemporality":` + cumulative + `,"isMonotonic":true,"dataPoints":[`)
	} else {
		o.text(`,"gauge":{"dataPoints":[`)
	}
	written := 0
	for i := range m.Points {
		start := len(o.b)
		if written > 0 {
			o.text(",")
		}
		if !o.point(m, i) {
			o.b = o.b[:start]
			continue
		}
		written++
	}
	o.text("]}}")
}

// point appends the value of a series. It returns false if the value does not fit its type.
func (o *otlpWriter) point(m *instant.Metric, i int) bool {
	d, p := m.Metric.Desc, &m.Points[i]
	number, ok := otlpNumber(d.Type, &p.Value)
	if !ok {
		return false
	}
	o.text(`{"attributes":[`)
	n := 0
	for _, a := range [][2]string{{"semantics", d.Sem.String()}, {"type", d.Type.String()}, {"pmid", d.PMID.String()}, {"indom", d.InDom.String()}} {
		if a[0] == "indom" && d.InDom == pcp.InDomNull {
			continue
		}
		n = o.attribute(n, a[0], a[1])
	}
	own := p.Series.Metric.Labels
	sets := append(slices.Clone(own[labelset.AtDomain:]), p.Series.Labels)
	if merged, err := labelset.Merge(sets...); err == nil {
		n = o.labels(merged, n)
	}
	if p.Series.Inst.ID != pcp.InstNull {
		n = o.attribute(n, "instname", p.Series.Inst.Name)
		o.attribute(n, "instid", strconv.Itoa(int(p.Series.Inst.ID)))
	}
	t := o.v.Forth(m.Stamps[i])
	o.text(`],"timeUnixNano":"` + unixNano(t) + `",` + number + "}")
	return true
}

// attribute appends an attribute that is text, after n others, and returns the number of all.
func (o *otlpWriter) attribute(n int, key, value string) int {
	if n > 0 {
		o.text(",")
	}
	o.text(`{"key":"` + key + `","value":{"stringValue":`)
	o.quoted(value)
	o.text("}}")
	return n + 1
}

// unixNano returns the nanoseconds since 1970, 0 for a time before.
func unixNano(t pcp.Timestamp) string {
	if t.Sec < 0 || t.Sec > math.MaxInt64/1_000_000_000-1 {
		return "0"
	}
	return strconv.FormatInt(t.Sec*1e9+int64(t.Nsec), 10)
}

// otlpNumber returns the member of a data point that has its value: an integer as text, if
// it fits 64 bits with a sign, else a float.
func otlpNumber(t pcp.Type, v *history.Value) (member string, ok bool) {
	f, ok := v.Number(t)
	if !ok {
		return "", false
	}
	switch t {
	case pcp.Type32:
		return `"asInt":"` + strconv.Itoa(int(int32(v.Bits))) + `"`, true
	case pcp.TypeU32:
		return `"asInt":"` + strconv.FormatUint(uint64(uint32(v.Bits)), 10) + `"`, true
	case pcp.Type64:
		return `"asInt":"` + strconv.FormatInt(int64(v.Bits), 10) + `"`, true
	case pcp.TypeU64:
		if v.Bits <= math.MaxInt64 {
			return `"asInt":"` + strconv.FormatUint(v.Bits, 10) + `"`, true
		}
	}
	switch {
	case math.IsNaN(f):
		return `"asDouble":"NaN"`, true
	case math.IsInf(f, 1):
		return `"asDouble":"Infinity"`, true
	case math.IsInf(f, -1):
		return `"asDouble":"-Infinity"`, true
	case t == pcp.TypeFloat:
		return `"asDouble":` + strconv.FormatFloat(f, 'g', -1, 32), true
	}
	return `"asDouble":` + strconv.FormatFloat(f, 'g', -1, 64), true
}
