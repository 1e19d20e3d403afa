package query

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/prometheus/promql"
)

// TimeoutError says that a query took longer than Options.Timeout.
type TimeoutError struct{ Timeout time.Duration }

// Error says what can be done.
func (e *TimeoutError) Error() string {
	return fmt.Sprintf("the query takes longer than %s: ask for fewer series, a shorter time or a longer step, or allow more time", e.Timeout)
}

// Is reports the error as [context.DeadlineExceeded].
func (*TimeoutError) Is(target error) bool { return target == context.DeadlineExceeded }

// guarded is a query whose Exec returns soon after its context or its time has
// ended. Prometheus' engine looks at the context between series, not between the
// steps of one, which can be a long time in nested subqueries: then Exec returns
// without it, and the engine ends when it looks.
type guarded struct {
	promql.Query
	timeout time.Duration // 0: none
	done    chan struct{} // closed when the engine has ended; nil before Exec
}

// grace is how long the engine may take to notice that its context has ended.
const grace = 100 * time.Millisecond

// Exec evaluates the query.
func (g *guarded) Exec(ctx context.Context) *promql.Result {
	if g.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, g.timeout, &TimeoutError{g.timeout})
		defer cancel()
	}
	g.done = make(chan struct{})
	result := make(chan *promql.Result, 1)
	go func() {
		defer close(g.done)
		result <- g.Query.Exec(ctx)
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

// Close releases the memory of the result, as soon as nothing uses it.
func (g *guarded) Close() {
	if g.done == nil {
		g.Query.Close()
		return
	}
	select {
	case <-g.done:
		g.Query.Close()
	default:
		go func() {
			<-g.done
			g.Query.Close()
		}()
	}
}
