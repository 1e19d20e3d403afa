package write

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"time"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/chunk"
	"github.com/pcparchive/pcparchive/internal/outlock"
)

// DefaultBlockRange is as long as a block can be without crossing a UTC day,
// which is what Mimir's and Thanos' backfills ask for.
const DefaultBlockRange = 24 * time.Hour

// Options say how blocks are cut.
type Options struct {
	// BlockRange is the length of a block's window; 0 is DefaultBlockRange.
	// Windows start at whole multiples of it since 1970 UTC.
	BlockRange time.Duration
	// External are labels that stand for all series of a block in Thanos, which
	// demands one at least. They fill a section of its own in meta.json if there
	// are any. Mimir drops or refuses them, and Prometheus ignores them.
	External map[string]string
	// NoSidecar leaves out the file [sidecar.FileName].
	NoSidecar bool
	Report    *prom.Report // may be nil
	// Context may be nil. Once it has ended, no further block is completed.
	Context context.Context
}

// Blocks is a [prom.SampleSink] that writes blocks into a folder, each as soon
// as the samples pass the end of its window.
//
// Series may come in any order within a window, and each by ascending time. All
// must be of one [flatten.Flattener]. After an error that is no [OrderError],
// Blocks takes no more. A Blocks is for one goroutine.
type Blocks struct {
	dir    string
	lock   *outlock.Lock // nil of a Store
	window int64         // milliseconds; 0 of a Store, which has but one
	report *prom.Report

	external map[string]string

	noSidecar bool

	// The open window, [start, limit). It is empty at first and after the end, so
	// that one comparison sends every unusual sample the long way round.
	start, limit int64
	table        []*series // by PromSeries.ID
	live         []*series // with samples in the open window
	size         int64     // at most, of the open window's full chunks as stored
	spill        chunk.File
	spare        [][]byte // memory of chunks
	written      []Block
	kept         []Kept
	looked       bool
	before       []neighbour // that the folder had
	replaced     []Block     // of these
	err          error       // what ended it
	ctx          context.Context
}

// checkEvery is the number of series after which the writing of a block looks at
// its context.
const checkEvery = 1024

// ended returns the error of the context, which may be nil.
func (b *Blocks) ended() error {
	if b.ctx == nil {
		return nil
	}
	return b.ctx.Err()
}

// errClosed is what a Blocks says after its end.
var errClosed = errors.New("tsdb: sample after the end of its blocks")

// NewBlocks returns a Blocks that writes into dir, which it makes if need be, and
// removes what a killed writer left there. While another Blocks writes into dir the
// error is an [*archive.InUseError].
func NewBlocks(dir string, o Options) (*Blocks, error) {
	if o.BlockRange == 0 {
		o.BlockRange = DefaultBlockRange
	}
	if o.BlockRange < time.Millisecond || o.BlockRange%time.Millisecond != 0 {
		return nil, fmt.Errorf("block range %v: not a positive number of milliseconds", o.BlockRange)
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	lock, err := outlock.TakeFolder(dir)
	if err != nil {
		return nil, err
	}
	if err := removeUnfinished(dir); err != nil {
		return nil, errors.Join(err, lock.Release())
	}
	b := &Blocks{
		dir: dir, lock: lock, window: o.BlockRange.Milliseconds(), report: o.Report, external: o.External,
		noSidecar: o.NoSidecar, spill: chunk.NewFile(dir), ctx: o.Context,
	}
	b.shut()
	return b, nil
}

// Append adds samples. Of two samples of a series in one millisecond the later
// replaces the earlier one, but of two of which one is a histogram the first
// stays. One that is older than its series' last is refused with an [OrderError].
// A block has no room for exemplars: they are counted.
func (b *Blocks) Append(s *prom.Series, batch []prom.Sample) error {
	for i := range batch {
		x := &batch[i]
		var err error
		switch {
		case x.Exemplar != nil:
			b.report.Add(prom.LossExemplar, s.Name)
		case x.Histogram != nil:
			err = b.histogram(s, x.T, x.Histogram)
		default:
			err = b.number(s, x.T, x.V)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// number adds a number.
func (b *Blocks) number(s *prom.Series, t int64, v float64) error {
	var e *series
	if uint(s.ID) < uint(len(b.table)) {
		e = b.table[s.ID]
	}
	if e == nil || e.prom != s || t < b.start || t >= b.limit {
		var err error
		if e, err = b.enter(s, t); err != nil {
			return err
		}
	}
	switch n := e.n; {
	case n == 0:
		return b.first(e, t, v)
	case t <= e.batch[n-1].T:
		return b.collide(e, t, v)
	case n == len(e.batch):
		if err := b.pack(e); err != nil {
			return b.fail(err)
		}
	}
	e.batch[e.n] = chunk.Sample{T: t, V: v}
	e.n++
	return nil
}

// enter returns what is known of a series, having opened the window of t.
func (b *Blocks) enter(s *prom.Series, t int64) (*series, error) {
	if t < b.start || t >= b.limit {
		if err := b.turn(s, t); err != nil {
			return nil, err
		}
	}
	if uint(s.ID) >= uint(len(b.table)) || b.table[s.ID] == nil {
		b.admit(s)
	}
	e := b.table[s.ID]
	if e.prom != s {
		return nil, b.fail(fmt.Errorf("%s: its number %d is that of %s: series of more than one Flattener",
			labelsOf(s), s.ID, labelsOf(e.prom)))
	}
	return e, nil
}

// collide deals with a sample that is not newer than its series' last.
func (b *Blocks) collide(e *series, t int64, v float64) error {
	last := &e.batch[e.n-1]
	if t < last.T {
		return &OrderError{Series: labelsOf(e.prom).String(), Time: t, Last: last.T}
	}
	b.report.Add(prom.LossSameTime, e.prom.Name)
	last.V = v
	return nil
}

// turn opens the window of t, having written the one before.
func (b *Blocks) turn(s *prom.Series, t int64) error {
	if b.err != nil {
		return b.err
	}
	if b.window == 0 || t < math.MinInt64+b.window || t > math.MaxInt64-b.window {
		return b.fail(fmt.Errorf("%s: time %d is out of range", labelsOf(s), t))
	}
	if b.open() && t < b.start {
		return &OrderError{Series: labelsOf(s).String(), Time: t, Last: b.start, Window: true}
	}
	if err := b.writeWindow(); err != nil {
		return b.fail(err)
	}
	b.start = t - t%b.window
	if b.start > t { // % rounds towards 1970
		b.start -= b.window
	}
	b.limit = b.start + b.window
	return nil
}

func (b *Blocks) open() bool { return b.start < b.limit }
func (b *Blocks) shut()      { b.start, b.limit = math.MaxInt64, math.MinInt64 }

// writeWindow writes the open window's block, if there is anything to write.
func (b *Blocks) writeWindow() error {
	if len(b.live) == 0 {
		return nil
	}
	for i, e := range b.live {
		if i%checkEvery == 0 && b.ended() != nil {
			return b.ended()
		}
		if err := errors.Join(b.pack(e), b.cutHistogram(e)); err != nil {
			return err
		}
	}
	block, err := b.writeBlock()
	if err != nil {
		return err
	}
	if block.Content != "" {
		b.written = append(b.written, block)
	}
	clear(b.spare) // a window without use: more than is needed
	b.spare = b.spare[:0]
	for _, e := range b.live {
		b.spare = append(b.spare, e.release())
	}
	clear(b.live)
	b.live, b.size = b.live[:0], 0
	return b.spill.Reset()
}

// Flush writes the last block. It returns the error that ended b before, if one
// did. After a Flush or Close it does nothing.
func (b *Blocks) Flush(context.Context) error {
	if b.err == nil {
		b.end(b.writeWindow())
	}
	switch {
	case b.err == nil:
		b.err = errClosed
	case !errors.Is(b.err, errClosed):
		return b.err
	}
	return nil
}

// Close gives up the block that is being gathered and removes what is temporary;
// blocks in Written stay.
func (b *Blocks) Close() error {
	if b.err != nil {
		return nil
	}
	b.end(nil)
	err := b.err
	b.err = errClosed
	return err
}

// Kept returns the windows that were not written for what the folder had before,
// oldest first.
func (b *Blocks) Kept() []Kept { return slices.Clone(b.kept) }

// Replaced returns the blocks of earlier runs that were removed as new ones have
// all of what they had.
func (b *Blocks) Replaced() []Block { return slices.Clone(b.replaced) }

// Written returns the blocks that are complete, oldest first.
func (b *Blocks) Written() []Block { return slices.Clone(b.written) }

// end frees what b holds, and lets every later sample fail if there was an error
// or is one now.
func (b *Blocks) end(err error) {
	if err = errors.Join(err, b.spill.Close(), b.lock.Release()); err != nil && b.window == 0 {
		b.err = fmt.Errorf("samples that wait: %w", err)
	} else if err != nil {
		b.err = fmt.Errorf("blocks in %s: %w", b.dir, err)
	}
	b.shut()
	b.table, b.live, b.spare = nil, nil, nil
}

// fail ends b with an error.
func (b *Blocks) fail(err error) error {
	b.end(err)
	return b.err
}
