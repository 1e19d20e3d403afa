package overviewapi

import (
	"io"
	"math"
	"strconv"
	"time"

	jsoniter "github.com/json-iterator/go"

	"github.com/pcparchive/pcparchive/internal/jsonstream"
	"github.com/pcparchive/pcparchive/overview"
	"github.com/pcparchive/pcparchive/serve/timeshift"
)

// writer writes a report as JSON, at the times that clients see.
type writer struct {
	*jsoniter.Stream
	move timeshift.Move
}

// write writes a reply.
func write(out io.Writer, r *overview.Report, move timeshift.Move) error {
	w := &writer{jsonstream.New(out), move}
	w.WriteRaw(`{"status":"success","data":{"start":`)
	w.time(r.Start)
	w.WriteRaw(`,"end":`)
	w.time(r.End)
	w.WriteRaw(`,"step":`)
	w.WriteFloat64(r.Step / 1000)
	w.WriteRaw(`,"rules":`)
	jsonstream.List(w.Stream, len(r.Rules), func(i int) { w.rule(r.Rules[i]) })
	w.WriteRaw(`,"hosts":`)
	jsonstream.List(w.Stream, len(r.Hosts), func(i int) { w.host(r.Hosts[i]) })
	w.WriteRaw("}}\n")
	return w.Flush()
}

// time writes milliseconds as seconds.
func (w *writer) time(ms int64) { w.WriteFloat64(float64(w.move.Forth(ms)) / 1000) }

// text writes a member of an object, after other members unless it is the first.
func (w *writer) text(before, name, value string) {
	w.WriteRaw(before)
	w.WriteObjectField(name)
	w.WriteString(value)
}

func (w *writer) rule(r *overview.Rule) {
	w.text("{", "name", r.Name)
	w.text(",", "resource", r.Resource)
	w.text(",", "kind", r.Kind)
	w.text(",", "expr", r.Expr)
	w.text(",", "unit", r.Unit)
	w.WriteRaw(`,"warn":`)
	w.WriteFloat64(r.Warn)
	w.WriteRaw(`,"bad":`)
	w.WriteFloat64(r.Bad)
	w.text(",", "title", r.Title)
	w.text(",", "instance", r.Instance)
	w.WriteRaw(`,"needs":`)
	w.texts(r.Needs)
	w.WriteRaw(`,"others":`)
	jsonstream.List(w.Stream, len(r.Others), func(i int) {
		w.text("{", "expr", r.Others[i].Expr)
		w.text(",", "instance", r.Others[i].Instance)
		w.WriteRaw(`,"needs":`)
		w.texts(r.Others[i].Needs)
		w.WriteRaw("}")
	})
	w.WriteRaw("}")
}

func (w *writer) texts(all []string) {
	jsonstream.List(w.Stream, len(all), func(i int) { w.WriteString(all[i]) })
}

func (w *writer) host(h *overview.Host) {
	w.text("{", "host", h.Name)
	w.text(",", "timezone", zoneName(h.Location, h.Start))
	w.WriteRaw(`,"start":`)
	w.time(h.Start)
	w.WriteRaw(`,"end":`)
	w.time(min(h.End, w.move.Until))
	w.WriteRaw(`,"window":`)
	w.WriteFloat64(h.Window.Seconds())
	w.WriteRaw(`,"level":`)
	w.levels(h.Level)
	w.WriteRaw(`,"cause":`)
	jsonstream.List(w.Stream, len(h.Cause), func(i int) { w.WriteInt(h.Cause[i]) })
	w.WriteRaw(`,"resources":{`)
	for i, name := range overview.Resources {
		if i > 0 {
			w.WriteMore()
		}
		w.WriteObjectField(name)
		w.levels(h.Resources[name])
	}
	w.WriteRaw(`},"marks":`)
	jsonstream.List(w.Stream, len(h.Marks), func(i int) { w.time(h.Marks[i]) })
	w.WriteRaw(`,"covered":`)
	jsonstream.List(w.Stream, len(h.Covered), func(i int) {
		w.WriteArrayStart()
		w.time(h.Covered[i].From)
		w.WriteMore()
		w.time(h.Covered[i].To)
		w.WriteArrayEnd()
	})
	w.WriteRaw(`,"missing":`)
	jsonstream.List(w.Stream, len(h.Missing), func(i int) {
		w.text("{", "rule", h.Missing[i].Rule.Name)
		w.WriteRaw(`,"metrics":`)
		w.texts(h.Missing[i].Metrics)
		w.WriteRaw("}")
	})
	w.WriteRaw(`,"worst":`)
	jsonstream.List(w.Stream, len(h.Worst), func(i int) { w.incident(&h.Worst[i]) })
	w.WriteRaw("}")
}

// levels writes levels, null in place of NaN.
func (w *writer) levels(all []float64) {
	jsonstream.List(w.Stream, len(all), func(i int) {
		if math.IsNaN(all[i]) {
			w.WriteNil()
			return
		}
		w.WriteFloat64(math.Round(all[i]*1000) / 1000)
	})
}

func (w *writer) incident(in *overview.Incident) {
	w.WriteRaw(`{"start":`)
	w.time(in.From)
	w.WriteRaw(`,"end":`)
	w.time(in.To)
	w.text(",", "rule", in.Rule.Name)
	w.text(",", "resource", in.Rule.Resource)
	w.text(",", "instance", in.Instance)
	w.WriteRaw(`,"level":`)
	w.WriteFloat64(math.Round(in.Level*1000) / 1000)
	w.WriteRaw(`,"value":`)
	w.WriteFloat64(in.Value)
	w.text(",", "words", in.Words)
	w.text(",", "query", in.Query)
	w.WriteRaw("}")
}

// zoneName returns a name of a zone that browsers know: its own, or that of its distance
// from UTC at a time.
func zoneName(loc *time.Location, at int64) string {
	if _, err := time.LoadLocation(loc.String()); err == nil {
		return loc.String()
	}
	_, offset := time.UnixMilli(at).In(loc).Zone()
	hours := offset / 3600
	switch {
	case hours == 0 || offset%3600 != 0 || hours < -12 || hours > 14:
		return "UTC"
	case hours > 0:
		return "Etc/GMT-" + strconv.Itoa(hours)
	}
	return "Etc/GMT+" + strconv.Itoa(-hours)
}
