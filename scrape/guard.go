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

// Prometheus scrapes each target in its own goroutine and does not recover from panics
// there. Some pages cause a panic, such as one with a label of 16 MiB. A scrape defers
// only one method that another package can replace: End of its trace span. The guard
// therefore recovers in End. While a panic unwinds, the scraper reports the scrape as
// successful and commits it. The transaction notices this and waits for the guard.

// parked holds the transactions that were committed during a panic, by target.
var parked sync.Map // *promscrape.Target to *scrape

// mayPanic reports whether a panic may have caused the commit. In a panic the scraper
// reports a success without samples, unless the page failed before and a second
// transaction takes the ends of its series.
func (s *scrape) mayPanic() bool { return s.health.Scraped == 0 || s.second }

// park keeps a transaction for the guard.
func (s *scrape) park() {
	s.samples, s.timed = s.samples[:0], s.timed[:0]
	s.health.Up, s.health.Scraped, s.health.PostRelabel, s.health.Added = 0, 0, 0, 0
	if !s.reported {
		s.t, s.reported = s.begun.UnixMilli(), true
	}
	parked.Store(s.target, s)
}

// panicking reports whether a panic caused the deferred call that calls it.
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

// guardMu guards the provider of spans while installGuard replaces it.
var guardMu sync.Mutex

// installGuard makes a guard the provider of spans for the process. The guard passes
// spans on to the previous provider, if there was one.
func installGuard() {
	guardMu.Lock()
	defer guardMu.Unlock()
	inner := otel.GetTracerProvider()
	if _, ok := inner.(guard); ok {
		return
	}
	// The default provider passes spans on to the installed one, which would be the
	// guard itself.
	if strings.HasSuffix(reflect.TypeOf(inner).String(), "global.tracerProvider") {
		inner = noop.NewTracerProvider()
	}
	otel.SetTracerProvider(guard{inner})
}

// guard is a provider of spans that recover from panics of scrapes.
type guard struct{ trace.TracerProvider }

// Tracer returns a tracer with guarded spans.
func (g guard) Tracer(name string, opts ...trace.TracerOption) trace.Tracer {
	return guardTracer{g.TracerProvider.Tracer(name, opts...)}
}

type guardTracer struct{ trace.Tracer }

// Start starts a span. The span of a scrape is guarded.
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

// End ends the span. If a panic ends the scrape of a recorder, End recovers and records
// a failed scrape. It does not recover from other panics.
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
