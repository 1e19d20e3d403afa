package query

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/prometheus/promql"

	"github.com/pcparchive/pcparchive/internal/defect"
	"github.com/pcparchive/pcparchive/internal/safetext"
)

// TimeoutError reports a query that takes longer than [Options].Timeout.
type TimeoutError struct{ Timeout time.Duration }

// Error returns the limit and ways to stay below it.
func (e *TimeoutError) Error() string {
	return fmt.Sprintf("the query takes longer than %s: ask for fewer series, a shorter time or a longer step, or allow more time", e.Timeout)
}

// Is reports the error as [context.DeadlineExceeded].
func (*TimeoutError) Is(target error) bool { return target == context.DeadlineExceeded }

// guarded is a query whose Exec returns soon after its context or its time has ended.
// Prometheus' engine checks the context between series, not between the steps of a
// series, which may take long in nested subqueries. Exec then returns without the
// engine, which ends at its next check.
type guarded struct {
	promql.Query
	settle  func(context.Context) error // is called before the evaluation; may be nil
	timeout time.Duration               // zero or less means no limit
	samples int                         // the limit of the engine
	started bool                        // Exec was called
	ended   chan struct{}               // closed when the engine has ended
}

// PanicError reports a defect: the evaluation of a query panicked.
type PanicError struct {
	Expr  string // the query
	Value any    // the value of the panic
	Stack []byte
}

// Error returns the value of the panic and the query.
func (e *PanicError) Error() string {
	return fmt.Sprintf("internal error: %v in the query %s", e.Value, safetext.Elide(e.Expr, longestExpr))
}

// grace is the time that the engine has to notice the end of its context.
const grace = 100 * time.Millisecond

// Exec evaluates the query.
func (g *guarded) Exec(ctx context.Context) *promql.Result {
	if g.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, g.timeout, &TimeoutError{g.timeout})
		defer cancel()
	}
	g.started = true
	result := make(chan *promql.Result, 1)
	go func() {
		defer close(g.ended)
		result <- g.run(ctx)
	}()
	var res *promql.Result
	select {
	case res = <-result:
	case <-ctx.Done():
		select {
		case res = <-result:
		case <-time.After(grace):
			return &promql.Result{Err: context.Cause(ctx)}
		}
	}
	if res.Err != nil && ctx.Err() != nil {
		res.Err = context.Cause(ctx) // the engine's own error is of no use to errors.Is
	}
	return res
}

// run evaluates the query. It turns a panic into an error, and the engine's error about its
// limit into ours.
func (g *guarded) run(ctx context.Context) (res *promql.Result) {
	defer func() {
		if e := defect.Of(recover()); e != nil {
			res = &promql.Result{Err: &PanicError{Expr: g.String(), Value: e.Value, Stack: e.Stack}}
		}
	}()
	if g.settle != nil {
		if err := g.settle(ctx); err != nil {
			return &promql.Result{Err: err}
		}
	}
	res = g.Query.Exec(ctx)
	if errors.As(res.Err, new(promql.ErrTooManySamples)) {
		res.Err = &LimitError{g.samples} // the engine does not say what to do
	}
	return res
}

// Ended returns a channel that is closed when the engine has ended, which may be after
// Exec has returned. It is for callers who bound the number of queries in memory.
func (g *guarded) Ended() <-chan struct{} { return g.ended }

// Close releases the memory of the result once the engine has ended.
func (g *guarded) Close() {
	if !g.started {
		g.started = true
		close(g.ended)
	}
	select {
	case <-g.ended:
		g.Query.Close()
	default:
		go func() {
			<-g.ended
			g.Query.Close()
		}()
	}
}
