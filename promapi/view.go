package promapi

import (
	"context"
	"time"

	"github.com/prometheus/prometheus/storage"

	"github.com/pcparchive/pcparchive/query"
	"github.com/pcparchive/pcparchive/ruleeval"
)

// Source has the state that requests are answered from. Several goroutines may use it.
type Source interface {
	// Snapshot returns the current state. The caller calls release after the last use
	// of the View.
	Snapshot() (v *View, release func())
}

// View is one state of the archives. It does not change, and several goroutines may
// use it.
type View struct {
	// Engine evaluates expressions, and its storage answers requests for series and labels.
	// It must not be nil.
	Engine *query.Engine
	// Exemplars returns the exemplars of an engine's archives. Nil means [query.Engine.Exemplars].
	Exemplars func(*query.Engine) storage.ExemplarQueryable
	// Version identifies the state if it is not nil: two Views with equal Versions give
	// equal answers, so that the API may keep them. It must be comparable.
	Version any
	// Rules returns the results of rules, or nil if there are no rules. Rules may be nil. To
	// answer queries for the series that rules make, Engine must have them, too; see
	// [query.Engine.Extended].
	Rules func() *ruleeval.Result
	// Present is the time that an instant query without a time means. Zero means
	// [Options.Now]. The data of closed archives end long before that.
	Present time.Time
	// Start and End are the times of the first and the last record, for
	// /status/tsdb. Zero means unknown.
	Start, End time.Time
}

// exemplars returns the exemplars.
func (v *View) exemplars() storage.ExemplarQueryable {
	if v.Exemplars == nil {
		return v.Engine.Exemplars()
	}
	return v.Exemplars(v.Engine)
}

// only returns a View of some hosts; all if there are no names.
func (v *View) only(hosts []string) (*View, error) {
	if len(hosts) == 0 {
		return v, nil
	}
	engine, err := v.Engine.Only(hosts)
	if err != nil {
		return nil, err
	}
	narrowed := *v
	narrowed.Engine = engine
	return &narrowed, nil
}

// Snapshot returns v itself: a View is a Source that never changes.
func (v *View) Snapshot() (*View, func()) { return v, func() {} }

// enter waits until a request may read archives, and returns the View to read. The caller
// calls leave after the last use of the View.
func (a *API) enter(ctx context.Context) (view *View, leave func(), err error) {
	leaveGate, err := a.gate.enter(ctx)
	if err != nil {
		return nil, nil, err
	}
	view, release := a.opts.Source.Snapshot()
	return view, func() {
		release()
		leaveGate()
	}, nil
}

// The times that archives may hold, in milliseconds: years 1 to 9999. Requests may name
// any time, such as the smallest and the largest that Prometheus knows.
var (
	earliest = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
	latest   = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC).UnixMilli()
)

// querier returns a querier of the times from start to end.
func (v *View) querier(start, end time.Time) (storage.Querier, error) {
	return v.Engine.Storage().Querier(clamp(start), clamp(end))
}

// clamp returns the nearest time, in milliseconds, that archives may hold.
func clamp(t time.Time) int64 { return clampMilli(t.UnixMilli()) }

// clampMilli is clamp for a time in milliseconds.
func clampMilli(ms int64) int64 { return min(max(ms, earliest), latest) }
