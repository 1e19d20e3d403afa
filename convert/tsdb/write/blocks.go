package write

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/chunk"
	"github.com/pcparchive/pcparchive/internal/outlock"
)

// DefaultBlockRange is a day. The backfills of Mimir and Thanos reject blocks that cross
// the end of a UTC day.
const DefaultBlockRange = 24 * time.Hour

// Options are the options of [NewBlocks].
type Options struct {
	// BlockRange is the length of a block's window. Zero means DefaultBlockRange.
	// Windows start at multiples of it since 1970 UTC.
	BlockRange time.Duration
	// External are labels that Thanos adds to all series of a block. Thanos demands at
	// least one. If there are any, meta.json has a section for Thanos. Mimir drops or
	// rejects them, and Prometheus ignores them.
	External map[string]string
	// NoSidecar leaves out the file [sidecar.FileName].
	NoSidecar bool
	// Report counts the samples that blocks cannot hold. It may be nil.
	Report *prom.Report
	// Context may be nil. Blocks completes no block after Context has ended.
	Context context.Context
}

// Blocks is a [prom.SampleSink] that writes blocks into a folder. It writes a block when
// the samples pass the end of the block's window.
//
// Within a window, the samples of a series must ascend in time, and series may come in any
// order. All series must come from one source, such as a flatten.Flattener, that numbers
// them. After any error but an [OrderError], Blocks fails all further calls. Only one
// goroutine may use a Blocks.
type Blocks struct {
	dir    string
	lock   *outlock.Lock // lock of dir; nil in a Store
	window int64         // length of a window in milliseconds; 0 in a Store, which has one window
	report *prom.Report

	external map[string]string

	noSidecar bool

	// The open window is [start, limit). It is empty before the first sample and after
	// the end, so that addNumber needs one comparison to tell the usual case.
	start, limit int64
	table        []*openSeries // all series, by prom.Series.ID
	live         []*openSeries // series with samples in the open window
	size         int64         // largest size of the open window's full chunks in segments
	spill        chunk.File    // full chunks of the open window
	spare        [][]byte      // memory for chunks, from the last window
	written      []Block
	kept         []Kept
	existing     []existingBlock // blocks that the folder had before, if hasExisting is true
	hasExisting  bool
	replaced     []Block
	err          error // the error of further calls; nil before the end
	ctx          context.Context
}

// checkEvery is the number of series after which the writer of a block checks the
// context.
const checkEvery = 64

// ctxErr returns the error of the context, which may be nil.
func (b *Blocks) ctxErr() error {
	if b.ctx == nil {
		return nil
	}
	return b.ctx.Err()
}

// errClosed is the error of calls after the end.
var errClosed = errors.New("tsdb: sample after the end of its blocks")

// NewBlocks returns a Blocks that writes into dir. It creates dir if necessary, and
// removes the unfinished blocks of a killed writer. While another Blocks writes into dir,
// NewBlocks returns an *archive.InUseError.
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
	b.closeWindow()
	return b, nil
}

// Append adds samples. A number replaces an earlier number of the same series and
// millisecond; if one of the two is a histogram, the first sample stays. Append rejects a
// sample that is older than the last one of its series with an [OrderError]. It counts
// exemplars as lost, because a block cannot hold them.
func (b *Blocks) Append(s *prom.Series, batch []prom.Sample) error {
	for i := range batch {
		x := &batch[i]
		if b.addNext(s, x) {
			continue
		}
		var err error
		switch {
		case x.Exemplar != nil:
			b.report.Add(prom.LossExemplar, s.Name)
		case x.Histogram != nil:
			err = b.addHistogram(s, x.T, x.Histogram)
		default:
			err = b.addNumber(s, x.T, x.V)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// addNext adds the usual sample, a number that follows another of its series and has
// room in the batch, and says whether it did. addNumber can add every number.
func (b *Blocks) addNext(s *prom.Series, x *prom.Sample) bool {
	if uint(s.ID) >= uint(len(b.table)) || x.Histogram != nil || x.Exemplar != nil {
		return false
	}
	e := b.table[s.ID]
	if e == nil || e.prom != s || x.T >= b.limit {
		return false
	}
	n := e.n
	if n == 0 || n == len(e.batch) || x.T <= e.batch[n-1].T {
		return false
	}
	e.batch[n] = chunk.Sample{T: x.T, V: x.V}
	e.n++
	return true
}

// addNumber adds a number.
func (b *Blocks) addNumber(s *prom.Series, t int64, v float64) error {
	e, err := b.seriesAt(s, t)
	if err != nil {
		return err
	}
	switch n := e.n; {
	case n == 0:
		return b.addFirst(e, t, v)
	case t <= e.batch[n-1].T:
		return b.replaceLast(e, t, v)
	case n == len(e.batch):
		if err := b.pack(e); err != nil {
			return b.fail(err)
		}
	}
	e.batch[e.n] = chunk.Sample{T: t, V: v}
	e.n++
	return nil
}

// seriesAt opens the window of t and returns the series.
func (b *Blocks) seriesAt(s *prom.Series, t int64) (*openSeries, error) {
	if t < b.start || t >= b.limit {
		if err := b.openWindow(s, t); err != nil {
			return nil, err
		}
	}
	if uint(s.ID) >= uint(len(b.table)) || b.table[s.ID] == nil {
		b.addSeries(s)
	}
	e := b.table[s.ID]
	if e.prom != s {
		return nil, b.fail(fmt.Errorf("%s: its ID %d is that of %s: the series come from more than one source",
			labelsOf(s), s.ID, labelsOf(e.prom)))
	}
	return e, nil
}

// replaceLast takes a number whose time is not after the last number of its series. It
// replaces a number of the same millisecond and rejects an older one.
func (b *Blocks) replaceLast(e *openSeries, t int64, v float64) error {
	last := &e.batch[e.n-1]
	if t < last.T {
		return &OrderError{Series: labelsOf(e.prom).String(), Time: t, Last: last.T}
	}
	b.report.Add(prom.LossSameTime, e.prom.Name)
	last.V = v
	return nil
}

// Flush writes the last block. If an earlier error has ended b, Flush returns that error.
// After a Flush or Close it does nothing.
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

// Close drops the samples of the open window and removes the temporary file. The blocks
// that Written returns stay.
func (b *Blocks) Close() error {
	if b.err != nil {
		return nil
	}
	b.end(nil)
	err := b.err
	b.err = errClosed
	return err
}

// Kept returns the windows that were not written because of blocks that the folder had,
// oldest first.
func (b *Blocks) Kept() []Kept { return slices.Clone(b.kept) }

// Replaced returns the removed blocks of earlier runs. New blocks have all of their
// samples.
func (b *Blocks) Replaced() []Block { return slices.Clone(b.replaced) }

// Written returns the complete blocks, oldest first.
func (b *Blocks) Written() []Block { return slices.Clone(b.written) }

// end releases the memory, the file and the lock. If there is an error, all further calls
// fail with it.
func (b *Blocks) end(err error) {
	if err = errors.Join(err, b.spill.Close(), b.lock.Release()); err != nil && b.window == 0 {
		b.err = fmt.Errorf("samples that wait: %w", err)
	} else if err != nil {
		b.err = fmt.Errorf("blocks in %s: %w", b.dir, err)
	}
	b.closeWindow()
	b.table, b.live, b.spare = nil, nil, nil
}

// fail ends b with an error and returns the error of all further calls.
func (b *Blocks) fail(err error) error {
	b.end(err)
	return b.err
}
