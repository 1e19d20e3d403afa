package ruleeval

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
)

// alertsMetric is the name of the series that say which alerts are active.
const alertsMetric = "ALERTS"

// Alert is a time for which an expression had a sample with the same labels.
type Alert struct {
	Labels      labels.Labels
	Annotations labels.Labels
	// ActiveAt is when it began, FiredAt when it had lasted for the rule's For, and
	// ResolvedAt when it was over. FiredAt is zero for a pending alert, ResolvedAt for one
	// that is active at the end.
	ActiveAt, FiredAt, ResolvedAt time.Time
	// KeepFiringSince is when the expression had no sample any more, for an alert that
	// fires on because of KeepFiringFor; else zero.
	KeepFiringSince time.Time
	Value           float64 // the last value

	sample promql.Sample // the last sample of the expression
	series [2]*recordedSeries
}

// Firing reports whether the alert has fired.
func (a *Alert) Firing() bool { return !a.FiredAt.IsZero() }

// The states of alerts and of alerting rules.
const (
	inactive = "inactive"
	pending  = "pending"
	firing   = "firing"
)

// State returns the name of the state at the end of the evaluation.
func (a *Alert) State() string {
	switch {
	case !a.ResolvedAt.IsZero():
		return inactive
	case a.Firing():
		return firing
	}
	return pending
}

// maxAlerts is the largest number of alerts of a rule.
const maxAlerts = 100_000

// tracker follows the alerts of a rule.
type tracker struct {
	ctx      context.Context
	ev       *evaluation
	rule     *RuleResult
	limit    int
	interval int64 // ms
	active   map[string]*Alert
	fixed    map[string]labels.Labels // labels of alerts without templates, by those of the series
	seen     map[string]bool          // keys of the current time
	key      []byte
	dynamic  bool // the labels have templates
}

func newTracker(ctx context.Context, ev *evaluation, g *GroupResult, rule *RuleResult) *tracker {
	t := &tracker{
		ctx: ctx, ev: ev, rule: rule, limit: g.Limit, interval: g.Interval.Milliseconds(),
		active: map[string]*Alert{}, fixed: map[string]labels.Labels{}, seen: map[string]bool{},
	}
	rule.Labels.Range(func(l labels.Label) { t.dynamic = t.dynamic || isTemplate(l.Value) })
	return t
}

// step follows the alerts to the next time.
func (k *tracker) step(t int64, samples []promql.Sample) error {
	now := time.UnixMilli(t).UTC()
	clear(k.seen)
	for i := range samples {
		ls := k.labels(&samples[i])
		k.key = ls.Bytes(k.key)
		if k.seen[string(k.key)] {
			return errDuplicate
		}
		key := string(k.key)
		k.seen[key] = true
		a := k.active[key]
		if a == nil {
			a = &Alert{Labels: ls, ActiveAt: now}
			k.active[key] = a
		}
		a.Value, a.sample, a.KeepFiringSince = samples[i].F, samples[i], time.Time{}
		if a.sample.H != nil {
			a.sample.H = a.sample.H.Copy() // the query owns it
		}
	}
	for key, a := range k.active {
		if !k.seen[key] && k.ends(a, now) {
			delete(k.active, key)
		}
	}
	if k.limit > 0 && len(k.active) > k.limit {
		k.rule.Err = fmt.Errorf("%s: exceeded limit of %d with %d alerts", k.rule.Name, k.limit, len(k.active))
		clear(k.active)
		return nil
	}
	return k.advance(now)
}

// ends ends an alert whose expression has no sample, unless it keeps firing.
func (k *tracker) ends(a *Alert, now time.Time) bool {
	if a.Firing() && k.rule.KeepFiringFor > 0 {
		if a.KeepFiringSince.IsZero() {
			a.KeepFiringSince = now
		}
		if now.Sub(a.KeepFiringSince) < k.rule.KeepFiringFor {
			return false
		}
	}
	a.ResolvedAt = now
	return true
}

// advance lets pending alerts fire and records the series of active ones.
func (k *tracker) advance(now time.Time) error {
	for _, a := range k.active {
		if !a.Firing() && now.Sub(a.ActiveAt) >= k.rule.For {
			if len(k.rule.Alerts) == maxAlerts {
				return fmt.Errorf("more than %d alerts fired", maxAlerts)
			}
			a.FiredAt = now
			a.Annotations = k.annotations(a)
			k.rule.Alerts = append(k.rule.Alerts, a)
		}
		if err := k.ev.recorded.add(k.series(a), now.UnixMilli(), k.interval, 1, nil); err != nil {
			return err
		}
	}
	return nil
}

// series returns the series ALERTS of an alert in its state.
func (k *tracker) series(a *Alert) *recordedSeries {
	n, state := 0, "pending"
	if a.Firing() {
		n, state = 1, "firing"
	}
	if a.series[n] == nil {
		b := labels.NewBuilder(a.Labels).Set(model.MetricNameLabel, alertsMetric).Set("alertstate", state)
		a.series[n] = k.ev.recorded.series(b.Labels())
	}
	return a.series[n]
}

// finish adds the alerts that are pending, and sorts all.
func (k *tracker) finish() {
	for _, a := range k.active {
		a.Annotations = k.annotations(a) // with the last value
		if !a.Firing() {
			k.rule.Alerts = append(k.rule.Alerts, a)
		}
	}
	slices.SortFunc(k.rule.Alerts, func(a, b *Alert) int {
		if c := a.ActiveAt.Compare(b.ActiveAt); c != 0 {
			return c
		}
		return labels.Compare(a.Labels, b.Labels)
	})
}

// labels returns the labels of the alert of a sample.
func (k *tracker) labels(s *promql.Sample) labels.Labels {
	if !k.dynamic {
		k.key = s.Metric.Bytes(k.key)
		if ls, ok := k.fixed[string(k.key)]; ok {
			return ls
		}
	}
	b := labels.NewBuilder(s.Metric).Del(model.MetricNameLabel)
	k.rule.Labels.Range(func(l labels.Label) { b.Set(l.Name, k.expand(l.Value, s)) })
	ls := b.Set(model.AlertNameLabel, k.rule.Name).Labels()
	if !k.dynamic {
		k.fixed[string(s.Metric.Bytes(k.key))] = ls
	}
	return ls
}

// annotations returns the annotations of an alert for its last sample.
func (k *tracker) annotations(a *Alert) labels.Labels {
	b := labels.NewScratchBuilder(k.rule.Annotations.Len())
	k.rule.Annotations.Range(func(l labels.Label) { b.Add(l.Name, k.expand(l.Value, &a.sample)) })
	b.Sort()
	return b.Labels()
}

// isTemplate reports whether a text has a template.
func isTemplate(text string) bool { return strings.Contains(text, "{{") }
