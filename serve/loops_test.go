package serve

import (
	"bytes"
	"context"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestKeep has a loop that panics: the server goes on, and its log has the stack.
func TestKeep(t *testing.T) {
	var text bytes.Buffer
	s := &Server{log: slog.New(slog.NewTextHandler(&text, nil))}
	ctx, cancel := context.WithCancel(t.Context())
	s.keep(ctx, "work", func(context.Context) {
		cancel()
		panic("a fault")
	})
	assert.Contains(t, text.String(), "a fault")
	assert.Contains(t, text.String(), "loops_test.go")
	text.Reset()
	s.keep(ctx, "work", func(context.Context) {})
	assert.Empty(t, text.String())
}
