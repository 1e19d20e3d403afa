package main

import (
	"context"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// Prometheus' engine opens a span for each node of an expression and looks at the
// context for each series. Without a tracer every span still wraps the context once
// more, and each look passes through all of them: an expression of 3,000 terms took
// a minute, nearly all of it there. This tracer leaves the context as it is.
type noTracing struct{ noop.TracerProvider }

func init() { otel.SetTracerProvider(noTracing{}) }

// Tracer returns a tracer that does nothing.
func (noTracing) Tracer(string, ...trace.TracerOption) trace.Tracer { return noTracer{} }

type noTracer struct{ noop.Tracer }

// Start returns the context itself.
func (noTracer) Start(ctx context.Context, _ string, _ ...trace.SpanStartOption) (context.Context, trace.Span) {
	return ctx, noop.Span{}
}
