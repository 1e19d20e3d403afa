package promapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/util/annotations"
	"github.com/prometheus/prometheus/util/stats"

	"github.com/pcparchive/pcparchive/internal/httpguard"
	"github.com/pcparchive/pcparchive/query"
)

// The values of the parameter stats.
const (
	statsTrue = "true"
	statsAll  = "all"
)

// instantQuery answers /query.
func instantQuery(r *request) (*reply, error) {
	limit, err := r.limit()
	if err != nil {
		return nil, err
	}
	present := r.view.Present
	if present.IsZero() {
		present = r.api.opts.Now()
	}
	at, err := r.time("time", present)
	if err != nil {
		return nil, err
	}
	rep, err := r.evaluate(limit, func(ctx context.Context, e *query.Engine) (promql.Query, error) {
		return e.Instant(ctx, r.get("query"), at)
	})
	if err == nil && r.get("time") == "" && !r.view.Present.IsZero() {
		rep.warn(fmt.Errorf("%w: no time given, so evaluated at the end of the data, %s", annotations.PromQLInfo, at.UTC().Format("2006-01-02T15:04:05.999Z")))
	}
	return rep, err
}

// maxPoints is the largest number of points of a series in a reply.
const maxPoints = 11_000

// rangeQuery answers /query_range.
func rangeQuery(r *request) (*reply, error) {
	limit, err := r.limit()
	if err != nil {
		return nil, err
	}
	start, err := r.requiredTime("start")
	if err != nil {
		return nil, err
	}
	end, err := r.requiredTime("end")
	if err != nil {
		return nil, err
	}
	if end.Before(start) {
		return nil, invalid("end", errors.New("end timestamp must not be before start time"))
	}
	step, err := r.step(start, end)
	if err != nil {
		return nil, err
	}
	return r.evaluate(limit, func(ctx context.Context, e *query.Engine) (promql.Query, error) {
		return e.Range(ctx, r.get("query"), start, end, step)
	})
}

// step returns the time between two points.
func (p params) step(start, end time.Time) (time.Duration, error) {
	step, err := parseDuration(p.get("step"))
	switch {
	case err != nil:
		return 0, invalid("step", err)
	case step <= 0:
		return 0, invalid("step", errors.New("zero or negative query resolution step widths are not accepted. Try a positive integer"))
	case step < time.Millisecond:
		return 0, invalid("step", errors.New("the smallest query resolution step width is 1ms"))
	case (uint64(end.UnixMilli())-uint64(start.UnixMilli()))/uint64(step.Milliseconds()) > maxPoints: // the difference may exceed an int64
		return 0, bad(errors.New("exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)"))
	}
	return step, nil
}

// evaluate runs a query that prepare returns.
func (r *request) evaluate(limit int, prepare func(context.Context, *query.Engine) (promql.Query, error)) (*reply, error) {
	timeout, err := r.duration("timeout")
	if err != nil {
		return nil, err
	}
	lookback, err := r.duration("lookback_delta")
	if err != nil {
		return nil, bad(fmt.Errorf("error parsing lookback delta duration: %w", errors.Unwrap(errors.Unwrap(err))))
	}
	engine := r.view.Engine.Adjusted(query.Adjustment{Lookback: lookback, Stats: r.get("stats") != "", StepStats: r.get("stats") == statsAll})
	q, err := prepare(r.ctx, engine)
	if err != nil {
		return nil, prepareError(err)
	}
	if e, ok := q.(interface{ Ended() <-chan struct{} }); ok {
		r.busy = e.Ended()
	}
	rep := &reply{expr: r.get("query"), close: q.Close}
	ctx := r.ctx
	if r.get("timeout") != "" {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, timeout, &query.TimeoutError{Timeout: timeout})
		defer cancel()
	}
	res := q.Exec(ctx)
	if res.Err != nil {
		return rep, res.Err
	}
	r.remarks(rep, q, res)
	if truncate(res, limit) {
		rep.truncated()
	}
	rep.data = func(w io.Writer) error { return writeResult(w, res, r.statistics(rep, q)) }
	return rep, nil
}

// remarks adds the warnings and notes of a result.
func (r *request) remarks(rep *reply, q promql.Query, res *promql.Result) {
	stmt, ok := q.Statement().(*parser.EvalStmt)
	if !ok {
		rep.warnings.Merge(res.Warnings)
		return
	}
	for _, err := range r.view.Engine.Remarks(stmt.Expr, res) {
		rep.warn(err)
	}
}

// truncate leaves out the results beyond a limit.
func truncate(res *promql.Result, limit int) bool {
	if limit == 0 {
		return false
	}
	switch v := res.Value.(type) {
	case promql.Matrix:
		if len(v) > limit {
			res.Value = v[:limit]
			return true
		}
	case promql.Vector:
		if len(v) > limit {
			res.Value = v[:limit]
			return true
		}
	}
	return false
}

// statistics returns the statistics of a query if the request asks for them, else nil.
func (r *request) statistics(rep *reply, q promql.Query) any {
	switch wanted := r.get("stats"); wanted {
	case "":
		return nil
	case statsTrue, statsAll:
	default:
		rep.warn(fmt.Errorf("value %q for parameter \"stats\" is deprecated and will be rejected in the next major release, use %q or %q", httpguard.Short(wanted), statsTrue, statsAll))
	}
	return stats.NewQueryStats(q.Stats())
}

// writeResult writes the field data of a query's reply.
func writeResult(w io.Writer, res *promql.Result, statistics any) error {
	if _, err := fmt.Fprintf(w, `{"resultType":"%s","result":`, res.Value.Type()); err != nil {
		return err
	}
	if err := query.WriteResultJSON(w, res.Value); err != nil {
		return err
	}
	if statistics != nil {
		b, err := json.Marshal(statistics)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w, `,"stats":%s`, b); err != nil {
			return err
		}
	}
	_, err := io.WriteString(w, "}")
	return err
}
