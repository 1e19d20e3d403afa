package serve

import (
	"context"
	"time"

	"github.com/pcparchive/pcparchive/internal/defect"
)

// afterDefect is the time after which a loop that panicked begins again.
const afterDefect = 10 * time.Second

// keep runs a loop until that returns. A panic is logged, and costs the round of the loop.
func (s *Server) keep(ctx context.Context, name string, loop func(context.Context)) {
	for {
		failed := defect.Catch(func() { loop(ctx) })
		if failed == nil {
			return
		}
		s.log.Error("background work panicked and begins again", "work", name, "panic", failed.Value, "stack", string(failed.Stack))
		select {
		case <-ctx.Done():
			return
		case <-time.After(afterDefect):
		}
	}
}
