package scrape

import (
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"sync"

	"context"

	promscrape "github.com/prometheus/prometheus/scrape"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// Prometheus scrapes each target in a goroutine of its own and recovers from no
// panic there. Some pages cause one: its labels hold no text of 16 MiB. The only
// method that a scrape defers is End of its trace span, so a guard has spans end
// with recover. While a panic unwinds, the scraper reports the scrape as
// successful and commits it; the transaction notices and waits for the guard.

// parked are the transactions that a panic committed, by their targets.
var parked sync.Map // *promscrape.Target to *scrape

// park keeps a transaction for the guard.
func (s *scrape) park() {
	s.samples, s.timed = s.samples[:0], s.timed[:0]
	s.health.Up, s.health.Scraped, s.health.PostRelabel, s.health.Added = 0, 0, 0, 0
	if !s.reported {
		s.t, s.reported = s.begun.UnixMilli(), true
	}
	parked.Store(s.src.target, s)
}

// panicking reports whether the deferred call that it is in was caused by a panic.
func panicking() bool {
	var counters [64]uintptr
	frames := runtime.CallersFrames(counters[:runtime.Callers(2, counters[:])])
	for {
		frame, more := frames.Next()
		if frame.Function == "runtime.gopanic" {
			return true
		}
		if !more {
			return false
		}
	}
}

// guardMu makes installing the guard one step.
var guardMu sync.Mutex

// installGuard has the spans of all scrapes guarded. Spans go on to the provider
// that was set, if any.
func installGuard() {
	guardMu.Lock()
	defer guardMu.Unlock()
	inner := otel.GetTracerProvider()
	if _, ok := inner.(guard); ok {
		return
	}
	// The default one would pass spans on to the guard, and so on.
	if strings.HasSuffix(reflect.TypeOf(inner).String(), "global.tracerProvider") {
		inner = noop.NewTracerProvider()
	}
	otel.SetTracerProvider(guard{inner})
}

// guard is a provider of spans.
type guard struct{ trace.TracerProvider }

// Tracer returns a tracer with guarded spans.
func (g guard) Tracer(name string, opts ...trace.TracerOption) trace.Tracer {
	return guardTracer{g.TracerProvider.Tracer(name, opts...)}
}

type guardTracer struct{ trace.Tracer }

// Start starts a span, which is guarded if it is that of a scrape.
func (t guardTracer) Start(ctx context.Context, name string, opts ...trace.SpanStartOption) (context.Context, trace.Span) {
	ctx, span := t.Tracer.Start(ctx, name, opts...)
	if target, ok := promscrape.TargetFromContext(ctx); ok && name == "scrape" {
		return ctx, guardSpan{span, target}
	}
	return ctx, span
}

type guardSpan struct {
	trace.Span
	target *promscrape.Target
}

// End ends the span and, if a panic ends a recorder's scrape, makes that a scrape
// that failed. Panics of others go on.
func (s guardSpan) End(opts ...trace.SpanEndOption) {
	defer s.Span.End(opts...)
	value, ok := parked.LoadAndDelete(s.target)
	if !ok {
		return
	}
	tx := value.(*scrape)
	tx.health.Err = fmt.Errorf("the page cannot be read: %v", recover())
	_ = tx.src.rec.finish(tx, true) // the error is kept and reported by fail
}
