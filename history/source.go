package history

import (
	"context"
	"iter"
)

// Source yields steps by ascending time. A Step is valid until the next one is
// yielded.
type Source interface {
	Steps(ctx context.Context) iter.Seq2[*Step, error]
}

// Sink takes steps by ascending time. Put may use the Step and its values only
// during the call, but may keep the Metric and Series pointers. Close completes
// the output.
type Sink interface {
	Put(*Step) error
	Close() error
}
