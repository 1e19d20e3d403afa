package expo

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/pcparchive/pcparchive/convert/prom"
)

// Input is a page, or a dump of many times, of any size.
type Input struct {
	Name string // for messages
	// Open returns what to read. Where that can seek, its end may be looked at
	// before the rest.
	Open func() (io.ReadCloser, error)
	// Time is that of samples without one of their own.
	Time time.Time
}

// ReadOptions change how a Reader reads.
type ReadOptions struct {
	// Format of all inputs; nil: told from each, see [Detect], and an input whose
	// times are unlikely in it is refused with an error that wraps [ErrAmbiguous].
	Format *Format
	Report *prom.Report // may be nil
	// Damaged is told of each input that cannot be read whole, after the reading
	// of it: its other lines, and the other inputs, are read. Nil ends the reading
	// at the first fault. Samples calls it from another goroutine.
	Damaged func(error)
}

// Reader is the [prom.SampleSource] that reads exposition text. Samples come
// in the order of the inputs, which may be any order of time. Its memory is
// bounded by the number of series, not by the size of the inputs. An input may be
// several OpenMetrics pages, one after the other, if their samples have times.
//
// It also knows which series are PCP metrics, from "# PCP5" lines: as
// [native.Resolver] of an [assemble.Assembler] further down.
type Reader struct {
	inputs []Input
	opts   ReadOptions
	lexer  *lexer
	series map[string]*prom.Series // by name and labels
	key    []byte
	batch  *batch
	empty  bool // the input has no byte
}

// ErrEmpty is the fault of an input without a byte, which is a page to Prometheus'
// scraper, but also what is left of a file that could not be written.
var ErrEmpty = errors.New("the file is empty")

// NewReader returns a Reader of inputs, to be read once, in their order.
func NewReader(inputs []Input, o ReadOptions) *Reader {
	l := newLexer(o.Report)
	l.several = true
	return &Reader{inputs: inputs, opts: o, lexer: l, series: map[string]*prom.Series{}}
}

// Samples reads the inputs and hands every sample to dst. Reading goes on while
// dst works. An error about an input names it and the line.
func (r *Reader) Samples(ctx context.Context, dst prom.SampleSink) error {
	ctx, cancel := context.WithCancel(ctx)
	full, empty := make(chan *batch, batches), make(chan *batch, batches)
	for range batches {
		empty <- &batch{samples: make([]batchSample, 0, batchSize)}
	}
	var readErr error
	go func() {
		defer close(full)
		readErr = r.read(ctx, full, empty)
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

// read reads all inputs into batches.
func (r *Reader) read(ctx context.Context, full chan<- *batch, empty <-chan *batch) error {
	r.batch = <-empty
	next := func() error {
		full <- r.batch // there is room for all that exist
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
