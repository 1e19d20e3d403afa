package ruleeval

import "time"

// At returns the state as it was at a time, with all times moved by d, for clients who
// see a recording at other times. It has no series.
func (r *Result) At(t time.Time, d time.Duration) *Result {
	past := func(at time.Time) time.Time {
		if at.IsZero() || at.After(t) {
			return time.Time{}
		}
		return at.Add(d)
	}
	out := &Result{Start: r.Start.Add(d), End: r.End.Add(d), recorded: newRecorded(0)}
	if r.End.After(t) {
		out.End = t.Add(d)
	}
	for _, g := range r.Groups {
		group := *g
		group.Rules = nil
		if _, last := times(r.Start, t, g.Interval); last.Before(g.Last) {
			group.Last = last
		}
		if !group.Last.IsZero() {
			group.Last = group.Last.Add(d)
		}
		for _, rule := range g.Rules {
			moved := *rule
			moved.Alerts = nil
			for _, a := range rule.Alerts {
				if a.ActiveAt.After(t) {
					continue
				}
				b := *a
				b.ActiveAt, b.FiredAt, b.ResolvedAt, b.KeepFiringSince = past(a.ActiveAt), past(a.FiredAt), past(a.ResolvedAt), past(a.KeepFiringSince)
				moved.Alerts = append(moved.Alerts, &b)
			}
			group.Rules = append(group.Rules, &moved)
		}
		out.Groups = append(out.Groups, &group)
	}
	return out
}
