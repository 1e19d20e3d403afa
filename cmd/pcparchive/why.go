package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
	"github.com/pcparchive/pcparchive/summary"
)

// whyTime bounds how long the reason of an empty answer is looked for.
const whyTime = 3 * time.Second

// emptiness is a question that had no answer.
type emptiness struct {
	what     string // the metric, as it was asked for; "" means all
	metrics  func(*meta.Desc) bool
	from, to pcp.Timestamp // zero means no bound
	reach    time.Duration // how far back an expression looks for two samples; 0: it needs one
	labels   bool          // only series with some labels were asked for
}

// why names on standard error why there is no value of what was asked for.
func (h *hosts) why(ctx context.Context, e emptiness) {
	ctx, cancel := context.WithTimeout(ctx, whyTime)
	defer cancel()
	for _, set := range h.Sets() {
		p, err := summary.Present(ctx, set, e.metrics, e.from, e.to)
		if err != nil {
			return // damage is named elsewhere; what takes long is not worth it
		}
		for _, line := range e.reasons(p, h.textOnly(set, e.metrics), h.zoneOf(set)) {
			if len(h.Sets()) > 1 {
				line = "host " + set.Host() + ": " + line
			}
			fmt.Fprintln(h.s.err, line)
		}
	}
}

// textOnly reports whether all metrics that were asked for are text or otherwise
// no numbers.
func (h *hosts) textOnly(set *store.Set, metrics func(*meta.Desc) bool) bool {
	some := false
	for r := range set.Readers() {
		for d := range r.Meta().Metrics() {
			if metrics != nil && !metrics(d) {
				continue
			}
			if some = true; d.Type.IsNumeric() {
				return false
			}
		}
	}
	return some
}

// reasons returns what Presence tells of an empty answer.
func (e emptiness) reasons(p *summary.Presence, text bool, zone *time.Location) (lines []string) {
	name := e.what
	if name == "" {
		name = "the archive"
	}
	codes := p.Errors
	if e.what == "" && p.Values > 0 {
		codes = nil // those of other metrics are not the reason
	}
	for _, code := range slices.Backward(slices.Sorted(maps.Keys(codes))) {
		lines = append(lines, fmt.Sprintf("%s: an error was recorded instead of values, %s: %v", name, times(p.Errors[code]), code))
	}
	switch {
	case p.Values == 0 && len(lines) == 0:
		lines = append(lines, name+": no value was recorded")
	case p.Values == 0:
	case p.Within == 0:
		lines = append(lines, e.outside(p, name, zone))
	case text:
		lines = append(lines, name+": the values are text, no numbers; 'pcparchive dump' lists them, and 'export --strings info' exports them")
	case e.tooShort(p):
		lines = append(lines, fmt.Sprintf("%s: it is recorded every %s%s", name, roundInterval(p.Interval), e.widen(p)))
	case e.labels:
		lines = append(lines, fmt.Sprintf("%s: has values then, but none of a series with these labels; 'pcparchive labels dump --merged' lists labels", name))
	}
	return lines
}

// outside says that values are there, but not in the window.
func (e emptiness) outside(p *summary.Presence, name string, zone *time.Location) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: no value %s", name, e.window(zone))
	switch {
	case p.Before.IsZero():
		fmt.Fprintf(&b, ": the first is of %s", formatTime(p.After, zone))
	case p.After.IsZero():
		fmt.Fprintf(&b, ": the last is of %s", formatTime(p.Before, zone))
	default:
		fmt.Fprintf(&b, ": the nearest are of %s and %s", formatTime(p.Before, zone), formatTime(p.After, zone))
	}
	if e.tooShort(p) {
		fmt.Fprintf(&b, "; it is recorded every %s%s", roundInterval(p.Interval), e.widen(p))
	} else if wide := e.to.Sub(e.from); p.Interval > 0 && !e.from.IsZero() && !e.to.IsZero() && wide < p.Interval {
		fmt.Fprintf(&b, "; it is recorded every %s, and the window is %s long", roundInterval(p.Interval), short(wide))
	}
	return b.String()
}

// tooShort reports whether the range of an expression has no place for two samples.
func (e emptiness) tooShort(p *summary.Presence) bool { return e.reach > 0 && p.Interval > e.reach/2 }

// widen says how long a range must be.
func (e emptiness) widen(p *summary.Presence) string {
	return fmt.Sprintf(", and a range needs two samples: widen [%s] to [%s] or more", short(e.reach), short(2*roundInterval(p.Interval)))
}

// window says where nothing was found.
func (e emptiness) window(zone *time.Location) string {
	switch {
	case e.from.IsZero():
		return "up to " + formatTime(e.to, zone)
	case e.to.IsZero() || e.to == pcp.MaxTime:
		return "from " + formatTime(e.from, zone) + " on"
	}
	return "from " + formatTime(e.from, zone) + " to " + formatTime(e.to, zone)
}

// roundInterval rounds the time between records to what was perhaps meant.
func roundInterval(d time.Duration) time.Duration {
	for _, unit := range []time.Duration{time.Minute, time.Second, 100 * time.Millisecond, time.Millisecond} {
		if near := d.Round(unit); near > 0 && (near-d).Abs()*50 <= d {
			return near
		}
	}
	return d
}

// short writes a duration without zero units.
func short(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

func times(n int64) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// nearNames returns what may have been meant by the name of a metric or subtree
// that does not exist, as a line after the message.
func (h *hosts) nearNames(name string) string {
	known := map[string]pcp.Semantics{}
	for r := range h.Readers() {
		for d := range r.Meta().Metrics() {
			for _, n := range d.Names {
				for at := range n {
					if n[at] == '.' {
						known[n[:at]] = 0 // a subtree
					}
				}
				known[n] = d.Sem
			}
		}
	}
	like := alike(name, known)
	if len(like) == 0 {
		return ""
	}
	return "\ndid you mean " + strings.Join(like, ", ") + "?"
}

// sayWhy says of each metric that an expression names why it has no sample.
func (o queryOptions) sayWhy(ctx context.Context, h *hosts, expr parser.Expr) {
	from, to, err := o.window(h)
	if err != nil {
		return // it was said
	}
	told := map[string]bool{}
	parser.Inspect(expr, func(node parser.Node, path []parser.Node) error {
		v, ok := node.(*parser.VectorSelector)
		if !ok || told[v.Name] {
			return nil
		}
		told[v.Name] = true
		metrics := h.sampledAs(v.Name)
		if len(metrics) == 0 {
			return nil
		}
		e := emptiness{what: v.Name, metrics: func(d *meta.Desc) bool { return metrics[d.PMID] }, labels: len(v.LabelMatchers) > 1}
		back := cmp.Or(o.lookback, 5*time.Minute)
		if len(path) > 0 {
			if m, ok := path[len(path)-1].(*parser.MatrixSelector); ok {
				back, e.reach = m.Range, m.Range
			}
		}
		e.from, e.to = from.Add(-back-v.OriginalOffset), to.Add(-v.OriginalOffset)
		h.why(ctx, e)
		return nil
	})
}

// window returns the times at which a query is evaluated.
func (o queryOptions) window(h *hosts) (from, to pcp.Timestamp, err error) {
	if o.step == 0 {
		from, err = parseTime(o.at, h)
		return from, from, err
	}
	return parseRange(o.start, o.end, h)
}

// sampledAs returns the metrics whose samples have a name.
func (h *hosts) sampledAs(name string) map[pcp.PMID]bool {
	found := map[pcp.PMID]bool{}
	for r := range h.Readers() {
		for d := range r.Meta().Metrics() {
			if naming.SampleName(r.Meta(), d) == name || slices.ContainsFunc(d.Names, func(n string) bool { return naming.PrometheusName(n) == name }) {
				found[d.PMID] = true
			}
		}
	}
	return found
}
