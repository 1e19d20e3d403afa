package expo

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/internal/defect"
)

// Input is a page, or a dump of many times, of any size.
type Input struct {
	Name string // name in messages
	// Open opens the input. If the result is an io.Seeker, the Reader looks at its
	// end first.
	Open func() (io.ReadCloser, error)
	Time time.Time // time of samples that have none
}

// ReadOptions change how a Reader reads.
type ReadOptions struct {
	// Format is the format of all inputs. If it is nil, the Reader detects the format
	// of each input, see [Detect]. It then rejects an input whose times are unlikely
	// in the format; the error wraps [ErrAmbiguous].
	Format *Format
	Report *prom.Report // may be nil
	// Damaged gets one error for each input that cannot be read completely. The
	// Reader skips the faulty lines and continues. If Damaged is nil, the first fault
	// ends the reading. Samples calls it from another goroutine.
	Damaged func(error)
}

// Reader is the [prom.SampleSource] that reads exposition text. Samples come in the
// order of the inputs, in any order of time. Memory depends on the number of series,
// not on the size of the inputs. An input may consist of several OpenMetrics pages
// if all their samples have times.
//
// The Reader also collects "# PCP5" lines. [Reader.Natives] then resolves the series
// that are PCP metrics.
type Reader struct {
	inputs []Input
	opts   ReadOptions
	lexer  *lexer
	series map[string]*prom.Series // by name and labels
	key    []byte                  // buffer for a key of series
	batch  *batch                  // the batch that is being filled
	empty  bool                    // the present input has no bytes
}

// ErrEmpty is the fault of an input without any bytes. Prometheus' scraper accepts
// an empty page, but an empty file is usually the rest of a failed write.
var ErrEmpty = errors.New("the file is empty")

// NewReader returns a Reader of inputs. It reads them once, in their order.
func NewReader(inputs []Input, o ReadOptions) *Reader {
	l := newLexer(o.Report)
	l.several = true
	return &Reader{inputs: inputs, opts: o, lexer: l, series: map[string]*prom.Series{}}
}

// Samples reads the inputs and hands every sample to dst. It reads in another
// goroutine, ahead of dst. An error about an input names the input and the line.
func (r *Reader) Samples(ctx context.Context, dst prom.SampleSink) error {
	ctx, cancel := context.WithCancel(ctx)
	full, empty := make(chan *batch, batches), make(chan *batch, batches)
	for range batches {
		empty <- &batch{samples: make([]batchSample, 0, batchSize)}
	}
	var readErr error
	go func() {
		defer close(full)
		readErr = defect.Guard(func() error { return r.read(ctx, full, empty) })
	}()
	var err error
	for b := range full {
		if err == nil {
			if err = b.deliver(dst); err != nil {
				cancel()
			}
		}
		b.samples, b.changes = b.samples[:0], b.changes[:0]
		empty <- b
	}
	cancel()
	if err != nil {
		return err
	}
	return readErr
}

// read reads all inputs into batches. It takes empty batches and sends full ones.
func (r *Reader) read(ctx context.Context, full chan<- *batch, empty <-chan *batch) error {
	r.batch = <-empty
	next := func() error {
		full <- r.batch // never blocks: the channel has room for all batches
		select {
		case r.batch = <-empty:
			return nil
		case <-ctx.Done():
			r.batch = nil
			return ctx.Err()
		}
	}
	for _, in := range r.inputs {
		err := r.readTolerant(ctx, in, next)
		if r.batch == nil {
			return err
		}
		if err != nil {
			full <- r.batch
			return err
		}
	}
	full <- r.batch
	return nil
}
