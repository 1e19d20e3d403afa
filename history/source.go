package history

import (
	"context"
	"iter"
)

// Source yields steps by ascending time. A Step is valid until the next one.
type Source interface {
	Steps(ctx context.Context) iter.Seq2[*Step, error]
}

// Sink takes steps by ascending time. It borrows a Step and its values for the
// call; Metric and Series pointers it may keep. Close completes what was put.
type Sink interface {
	Put(*Step) error
	Close() error
}
