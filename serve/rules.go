package serve

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/prometheus/storage"

	"github.com/pcparchive/pcparchive/ruleeval"
	"github.com/pcparchive/pcparchive/serve/timeshift"
)

// ruler evaluates the rules in the background, over each new state and after each change
// of the files. A request uses the latest complete result.
type ruler struct {
	s        *Server
	changed  chan struct{} // has an element if there is a new state
	reloaded chan struct{} // has an element if there are new rules

	mu     sync.Mutex // guards the fields below
	rules  *ruleeval.Rules
	read   time.Time          // when rules were read
	fault  error              // why the files could not be read last; nil if they could
	abort  context.CancelFunc // ends the evaluation that runs; nil if none does
	result *ruleeval.Result   // nil before the first
	took   time.Duration      // duration of the evaluation that gave result
	ended  time.Time          // end of the evaluation that gave result
}

// newRuler reads the rule files.
func newRuler(s *Server) (*ruler, error) {
	r := &ruler{s: s, changed: make(chan struct{}, 1), reloaded: make(chan struct{}, 1)}
	return r, r.reload()
}

// reload reads the rule files again. If one of them is wrong, the rules in force stay.
// reload returns the reason, and also logs it.
func (r *ruler) reload() error {
	if len(r.s.opts.RuleFiles) == 0 {
		return nil
	}
	next, err := ruleeval.Load(r.s.opts.RuleFiles...)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fault = err
	if err != nil {
		if r.rules != nil {
			r.s.log.Error("rules not read, the former rules stay in force", "err", err)
		}
		return err
	}
	r.read = r.s.opts.now()
	if next.Equal(r.rules) {
		return nil
	}
	r.rules = next
	if r.abort != nil {
		r.abort() // its result would be that of the former rules
	}
	announce(r.reloaded)
	return nil
}

// follow announces a new state.
func (r *ruler) follow() { announce(r.changed) }

// announce puts an element into a channel, unless it has one.
func announce(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// ruleShare bounds the share of time that evaluations of a growing archive take: after
// one that took a second, the next one begins after so many seconds. New rules do not
// wait.
const ruleShare = 4

// run evaluates until ctx ends.
func (r *ruler) run(ctx context.Context) {
	if len(r.s.opts.RuleFiles) == 0 {
		return
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.changed:
		case <-r.reloaded:
		}
		begin := time.Now()
		r.evaluate(ctx)
		select {
		case <-ctx.Done():
			return
		case <-r.reloaded:
			announce(r.reloaded)
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
	ctx, abort := context.WithCancel(ctx)
	defer abort()
	r.mu.Lock()
	rules := r.rules
	r.abort = abort
	r.mu.Unlock()
	begin := time.Now()
	o := r.s.opts
	engine := st.engine.WithView(st.view(timeshift.None, o.Query.MaxSamples, nil))
	result, err := rules.Evaluate(ctx, engine, st.window.Start, st.window.End, ruleeval.Options{ExternalLabels: o.ExternalLabels, MaxSamples: o.Query.MaxSamples})
	r.mu.Lock()
	defer r.mu.Unlock()
	r.abort = nil
	if err != nil || rules != r.rules {
		return // ctx has ended, or there are new rules
	}
	for _, g := range result.Groups {
		for _, rule := range g.Rules {
			if rule.Err != nil {
				r.s.log.Warn("rule cannot be evaluated", "file", g.File, "group", g.Name, "err", rule.Err)
			}
		}
	}
	r.result, r.took, r.ended = result, time.Since(begin), o.now()
}

// current returns the latest result, or nil before the first one.
func (r *ruler) current() *ruleeval.Result {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.result
}

// RulesSummary describes the rules of a server.
type RulesSummary struct {
	Files []string
	// Read is when the rules in force were read. Fault is why the latest attempt to read
	// them failed; it is nil if that succeeded.
	Read  time.Time
	Fault error
	// Evaluated is when the latest evaluation ended, and Took its duration. Both are zero
	// before the first. Start and End are the times that it covers, as clients see them.
	Evaluated  time.Time
	Took       time.Duration
	Start, End time.Time
	Rules      []RuleLine
}

// RuleLine describes a rule.
type RuleLine struct {
	Group, Name string
	Alerting    bool
	State       string // inactive, pending or firing at the end of the data; "" for recording rules, and before the first evaluation
	Err         error  // why the rule could not be evaluated
}

// summary describes the rules, at moved times. It returns nil if there are no rule files.
func (r *ruler) summary(m timeshift.Move) *RulesSummary {
	if len(r.s.opts.RuleFiles) == 0 {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	sum := &RulesSummary{Files: r.s.opts.RuleFiles, Read: r.read, Fault: r.fault, Evaluated: r.ended, Took: r.took}
	if r.result == nil {
		for _, g := range r.rules.Groups() {
			for _, rule := range g.Rules {
				sum.Rules = append(sum.Rules, RuleLine{Group: g.Name, Name: rule.Name, Alerting: rule.Alerting})
			}
		}
		return sum
	}
	result := movedRules(r.result, m)()
	sum.Start, sum.End = result.Start, result.End
	for _, g := range result.Groups {
		for _, rule := range g.Rules {
			sum.Rules = append(sum.Rules, RuleLine{g.Name, rule.Name, rule.Alerting, rule.State(), rule.Err})
		}
	}
	return sum
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
