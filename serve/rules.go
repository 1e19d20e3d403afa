package serve

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/prometheus/storage"

	"github.com/pcparchive/pcparchive/ruleeval"
	"github.com/pcparchive/pcparchive/serve/timeshift"
)

// ruler evaluates the rules over each new state in the background. A request has the
// result that was complete when it began.
type ruler struct {
	s       *Server
	changed chan struct{} // has an element if there is a new state

	mu     sync.Mutex
	result *ruleeval.Result // nil before the first
}

func newRuler(s *Server) *ruler { return &ruler{s: s, changed: make(chan struct{}, 1)} }

// follow announces a new state.
func (r *ruler) follow() {
	select {
	case r.changed <- struct{}{}:
	default: // it is announced already
	}
}

// ruleShare bounds the share of time that evaluations of a growing archive take: after
// one that took a second, the next one begins after so many seconds.
const ruleShare = 4

// run evaluates until ctx ends.
func (r *ruler) run(ctx context.Context) {
	if r.s.opts.Rules == nil {
		return
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.changed:
		}
		begin := time.Now()
		r.evaluate(ctx)
		select {
		case <-ctx.Done():
			return
		case <-time.After(ruleShare * time.Since(begin)):
		}
	}
}

// evaluate evaluates the rules over the current state, at the times of the recording.
func (r *ruler) evaluate(ctx context.Context) {
	st, _, release := r.s.states.acquire()
	defer release()
	if st.window.IsZero() {
		return
	}
	o := r.s.opts
	engine := st.engine.WithView(st.view(timeshift.None, o.Query.MaxSamples, nil))
	result, err := o.Rules.Evaluate(ctx, engine, st.window.Start, st.window.End, ruleeval.Options{ExternalLabels: o.ExternalLabels, MaxSamples: o.Query.MaxSamples})
	if err != nil {
		return // ctx has ended
	}
	for _, g := range result.Groups {
		for _, rule := range g.Rules {
			if rule.Err != nil {
				r.s.log.Warn("rule cannot be evaluated", "file", g.File, "group", g.Name, "err", rule.Err)
			}
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.result = result
}

// current returns the latest result, or nil before the first one.
func (r *ruler) current() *ruleeval.Result {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.result
}

// withRules returns a storage with the series that rules made beside those of another
// one.
func withRules(result *ruleeval.Result, archives storage.Queryable) storage.Queryable {
	if result == nil {
		return archives
	}
	return result.Beside(archives)
}

// movedRules returns a function that returns a result at moved times.
func movedRules(result *ruleeval.Result, m timeshift.Move) func() *ruleeval.Result {
	return func() *ruleeval.Result {
		if result == nil || m == timeshift.None {
			return result
		}
		return result.At(time.UnixMilli(m.Until), time.Duration(m.By)*time.Millisecond)
	}
}
