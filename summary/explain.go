package summary

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/pcparchive/pcparchive/internal/timespec"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

// Request describes values that somebody asked for and did not get.
type Request struct {
	// Name is the metric as it was asked for. It begins the text of each Reason; ""
	// stands for the whole archive.
	Name string
	// Metrics keeps the metrics it returns true for; nil keeps all.
	Metrics func(*meta.Desc) bool
	// From and To are the window, both inclusive; zero means no bound.
	From, To pcp.Timestamp
	// Range is the range of a PromQL function that needs two samples; 0 for a request
	// that one sample answers.
	Range time.Duration
	// Labels: the request selects series by labels.
	Labels bool
}

// Reason says why a request has no answer.
type Reason struct {
	Kind ReasonKind
	Text string // one line
}

// ReasonKind is the kind of a [Reason].
type ReasonKind int

// The kinds of reasons.
const (
	ErrorRecorded ReasonKind = iota // the agent recorded an error code instead of values
	NoValue                         // the metric has no value at all
	OutsideWindow                   // all values are before or after the window
	TextValues                      // the values are text or other data without a number
	RangeTooShort                   // the range has no place for two samples
	NoSuchLabels                    // the window has values, but not of series with the labels
)

// Explain returns the reasons why the archives of a host have no answer to a
// request. It reads all values of the metrics; ctx bounds the time. Times in the
// text are in the given zone.
func Explain(ctx context.Context, set *store.Set, r Request, zone *time.Location) ([]Reason, error) {
	p, err := Present(ctx, set, r.Metrics, r.From, r.To)
	if err != nil {
		return nil, err
	}
	return r.reasons(p, onlyText(set, r.Metrics), zone), nil
}

// onlyText reports whether none of the metrics has numbers.
func onlyText(set *store.Set, metrics func(*meta.Desc) bool) bool {
	found := false
	for r := range set.Readers() {
		for d := range r.Meta().Metrics() {
			if metrics != nil && !metrics(d) {
				continue
			}
			if found = true; d.Type.IsNumeric() {
				return false
			}
		}
	}
	return found
}

// reasons derives the reasons from the values that exist.
func (r Request) reasons(p *Presence, text bool, zone *time.Location) (all []Reason) {
	name := r.Name
	if name == "" {
		name = "the archive"
	}
	add := func(kind ReasonKind, text string) { all = append(all, Reason{kind, name + ": " + text}) }
	codes := p.Errors
	if r.Name == "" && p.Values > 0 {
		codes = nil // the codes of some metrics do not explain the whole archive
	}
	for _, code := range slices.Backward(slices.Sorted(maps.Keys(codes))) {
		add(ErrorRecorded, fmt.Sprintf("an error was recorded instead of values, %s: %v", times(p.Errors[code]), code))
	}
	switch {
	case p.Values == 0 && len(all) == 0:
		add(NoValue, "no value was recorded")
	case p.Values == 0:
	case p.Within == 0:
		add(OutsideWindow, r.outside(p, zone))
	case text:
		add(TextValues, "the values are text, no numbers")
	case r.tooShort(p):
		add(RangeTooShort, fmt.Sprintf("it is recorded every %s%s", roundInterval(p.Interval), r.widen(p)))
	case r.Labels:
		add(NoSuchLabels, "has values then, but none of a series with these labels")
	}
	return all
}

// outside names the values nearest to a window without values.
func (r Request) outside(p *Presence, zone *time.Location) string {
	var b strings.Builder
	fmt.Fprintf(&b, "no value %s", r.window(zone))
	switch {
	case p.Before.IsZero():
		fmt.Fprintf(&b, ": the first is of %s", timespec.Format(p.After, zone))
	case p.After.IsZero():
		fmt.Fprintf(&b, ": the last is of %s", timespec.Format(p.Before, zone))
	default:
		fmt.Fprintf(&b, ": the nearest are of %s and %s", timespec.Format(p.Before, zone), timespec.Format(p.After, zone))
	}
	if r.tooShort(p) {
		fmt.Fprintf(&b, "; it is recorded every %s%s", roundInterval(p.Interval), r.widen(p))
	} else if wide := r.To.Sub(r.From); p.Interval > 0 && !r.From.IsZero() && !r.To.IsZero() && wide < p.Interval {
		fmt.Fprintf(&b, "; it is recorded every %s, and the window is %s long", roundInterval(p.Interval), short(wide))
	}
	return b.String()
}

// tooShort reports whether the range has no place for two samples.
func (r Request) tooShort(p *Presence) bool { return r.Range > 0 && p.Interval > r.Range/2 }

// widen returns advice about the length that a range needs.
func (r Request) widen(p *Presence) string {
	return fmt.Sprintf(", and a range needs two samples: widen [%s] to [%s] or more", short(r.Range), short(2*roundInterval(p.Interval)))
}

// window names the window.
func (r Request) window(zone *time.Location) string {
	switch {
	case r.From.IsZero():
		return "up to " + timespec.Format(r.To, zone)
	case r.To.IsZero() || r.To == pcp.MaxTime:
		return "from " + timespec.Format(r.From, zone) + " on"
	}
	return "from " + timespec.Format(r.From, zone) + " to " + timespec.Format(r.To, zone)
}

// roundInterval rounds the time between records to the interval that a logger was
// probably configured with.
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
