package query_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/otel"

	"github.com/pcparchive/pcparchive/query"
)

// TestStopTracing checks that a span leaves the context alone. Contexts that wrap each
// other make long expressions slow.
func TestStopTracing(t *testing.T) {
	old := otel.GetTracerProvider()
	t.Cleanup(func() { otel.SetTracerProvider(old) })
	query.StopTracing()
	query.StopTracing()
	ctx, span := otel.Tracer("test").Start(t.Context(), "span")
	defer span.End()
	assert.Equal(t, t.Context(), ctx)
	assert.False(t, span.IsRecording())
}
