package query

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/storetest"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// start is the time of the first record; tests count seconds from it.
var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func at(sec float64) time.Time { return start.Add(time.Duration(sec * float64(time.Second))) }

func stamp(sec float64) pcp.Timestamp { return pcp.TimestampOf(at(sec)) }

// writer records an archive of native metrics.
type writer struct {
	t    testing.TB
	base string
	a    *archive.Appender
}

func newWriter(t testing.TB) *writer {
	t.Helper()
	return newWriterAt(t, filepath.Join(t.TempDir(), "rec"))
}

func newWriterAt(t testing.TB, base string) *writer {
	t.Helper()
	w := &writer{t: t, base: base}
	var err error
	w.a, err = archive.Create(w.base, archive.Header{Host: "h", Zone: "UTC", PID: 1}, nil)
	require.NoError(t, err)
	return w
}

// The metrics of the tests.
var (
	counter    = define(1, "c.counter", pcp.SemCounter, pcp.InDomNull)
	instant    = define(2, "i.instant", pcp.SemInstant, pcp.NewInDomID(60, 1))
	discrete   = define(3, "d.discrete", pcp.SemDiscrete, pcp.InDomNull)
	instantOne = define(5, "i.one", pcp.SemInstant, pcp.InDomNull)
	shared     = define(4, "d.shared", pcp.SemDiscrete, pcp.NewInDomID(60, 2))
)

func define(item uint32, name string, sem pcp.Semantics, in pcp.InDomID) *meta.Desc {
	return &meta.Desc{PMID: pcp.NewPMID(60, 0, item), Type: pcp.TypeDouble, InDom: in, Sem: sem, Names: []string{name}}
}

// metricValues are values of a metric, one for each instance; err is why there
// are none.
type metricValues struct {
	desc *meta.Desc
	v    map[pcp.InstID]float64
	err  pcp.Errno
}

func one(d *meta.Desc, v float64) metricValues {
	return metricValues{desc: d, v: map[pcp.InstID]float64{pcp.InstNull: v}}
}

// record writes values; the instances named are the members of their domain.
func (w *writer) record(sec float64, values ...metricValues) {
	w.t.Helper()
	res := &archive.Result{Stamp: stamp(sec)}
	for _, v := range values {
		require.NoError(w.t, w.a.Define(v.desc))
		set := archive.ValueSet{PMID: v.desc.PMID, Err: v.err, Format: archive.Block}
		in := &meta.InDom{Stamp: res.Stamp, ID: v.desc.InDom}
		for id := pcp.InstID(-1); id < 10; id++ {
			if x, ok := v.v[id]; ok {
				set.Values = append(set.Values, history.DoubleValue(id, x))
				in.Instances = append(in.Instances, meta.Instance{ID: id, Name: fmt.Sprint("i", id)})
			}
		}
		if v.desc.InDom != pcp.InDomNull && v.err == 0 {
			require.NoError(w.t, w.a.SetInDom(in))
		}
		res.Sets = append(res.Sets, set)
	}
	require.NoError(w.t, w.a.Append(res))
}

func (w *writer) mark(sec float64) {
	w.t.Helper()
	require.NoError(w.t, w.a.Mark(stamp(sec)))
}

// open ends the recording and opens it.
func (w *writer) open() *archive.Reader {
	w.t.Helper()
	require.NoError(w.t, w.a.Close())
	r, err := archive.Open(w.base, nil)
	require.NoError(w.t, err)
	return r
}

// newEngine returns an Engine over one archive.
func newEngine(t testing.TB, r *archive.Reader, o Options) *Engine {
	t.Helper()
	return newSetEngine(t, o, r.Base())
}

// newSetEngine returns an Engine over archives or folders, of any hosts.
func newSetEngine(t testing.TB, o Options, paths ...string) *Engine {
	t.Helper()
	sets := storetest.Sets(t, paths...)
	return NewEngine(sets, o)
}

// asker evaluates expressions, over an archive or something else.
type asker interface {
	Instant(ctx context.Context, expr string, at time.Time) (promql.Query, error)
	Range(ctx context.Context, expr string, start, end time.Time, step time.Duration) (promql.Query, error)
}

// now evaluates at one time and returns a line per series: labels and value.
func now(t testing.TB, e asker, sec float64, expr string) []string {
	t.Helper()
	q, err := e.Instant(context.Background(), expr, at(sec))
	require.NoError(t, err, expr)
	defer q.Close()
	return lines(t, q.Exec(context.Background()))
}

// over evaluates from one time to another and returns a line per series:
// labels and second=value pairs.
func over(t testing.TB, e asker, from, to, step float64, expr string) []string {
	t.Helper()
	q, err := e.Range(context.Background(), expr, at(from), at(to), time.Duration(step*float64(time.Second)))
	require.NoError(t, err, expr)
	defer q.Close()
	return lines(t, q.Exec(context.Background()))
}

func lines(t testing.TB, res *promql.Result) []string {
	t.Helper()
	require.NoError(t, res.Err)
	out := []string{}
	switch v := res.Value.(type) {
	case promql.Vector:
		for _, s := range v {
			out = append(out, fmt.Sprint(text(s.Metric), " ", valueText(s.F, s.H)))
		}
	case promql.Matrix:
		for _, s := range v {
			out = append(out, strings.TrimSpace(fmt.Sprint(text(s.Metric), points(s))))
		}
	case promql.Scalar:
		out = append(out, fmt.Sprint(v.V))
	default:
		t.Fatalf("result of type %T: %s", v, v)
	}
	return out
}

// text writes labels without the host's name, which every series has.
func text(ls labels.Labels) string {
	if ls.Get("hostname") == "h" {
		ls = labels.NewBuilder(ls).Del("hostname").Labels()
	}
	return ls.String()
}

// valueText writes a number, or a native histogram in one word, without what it
// tells of the sample before.
func valueText(f float64, h *histogram.FloatHistogram) string {
	if h == nil {
		return fmt.Sprint(f)
	}
	h = h.Copy()
	h.CounterResetHint = histogram.UnknownCounterReset
	return fmt.Sprintf("%s/%v/%v", strings.ReplaceAll(h.TestExpression(), " ", "_"), h.Count, h.ZeroThreshold)
}

func points(s promql.Series) string {
	var b strings.Builder
	for _, p := range s.Floats {
		fmt.Fprintf(&b, " %v=%v", float64(p.T-start.UnixMilli())/1000, p.F)
	}
	for _, p := range s.Histograms {
		fmt.Fprintf(&b, " %v=%v", float64(p.T-start.UnixMilli())/1000, valueText(0, p.H))
	}
	return b.String()
}

func number(t int64, v float64) heldSample { return heldSample{timedValue: timedValue{t, v}} }
