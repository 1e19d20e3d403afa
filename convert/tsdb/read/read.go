package read

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync/atomic"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/block"
	"github.com/pcparchive/pcparchive/convert/tsdb/sidecar"
	"github.com/pcparchive/pcparchive/pcp"
)

// DefaultMemory is the number of bytes of samples that a Reader holds by default.
const DefaultMemory = 64 << 20

// Options select the samples that a Reader reads. The zero value selects all.
type Options struct {
	// Match are PromQL selectors, such as {job="node"}. The Reader reads only series that
	// at least one of them selects. Without selectors it reads all series.
	Match []string
	// Start and End are the first and the last time that the Reader reads, in
	// milliseconds; zero means no limit.
	Start, End int64
	// Memory is the maximum size in bytes of the samples that are being sorted by time;
	// zero means DefaultMemory. The labels of the series and an open chunk for each
	// series in a block, about 1 kB, need memory in addition.
	Memory int64
	// TempDir is the folder for the chunks of a write-ahead log; empty means the
	// system's folder for temporary files.
	TempDir string
	// Report counts the losses of the conversion; it may be nil.
	Report *prom.Report
	// Damaged receives each part of the input that cannot be read. It may be nil. Only one
	// goroutine at a time calls it.
	Damaged func(*Damage)
}

// Damage is a part of the input that could not be read. The Reader reads the rest.
type Damage struct {
	Path   string // folder of the block, or the damaged file
	Series string // series whose samples are lost, as Prometheus writes it; empty if the damage is not confined to one series
	Err    error
}

// Error names the lost part, its place and the reason.
func (d *Damage) Error() string {
	if d.Series == "" {
		return fmt.Sprintf("%s: %v", d.Path, d.Err)
	}
	return fmt.Sprintf("%s: series %s: %v", d.Path, d.Series, d.Err)
}

// Unwrap returns the reason.
func (d *Damage) Unwrap() error { return d.Err }

// Reader is a [prom.SampleSource] that reads blocks and the write-ahead log of a
// Prometheus server. It does not write to their folders. It yields all samples,
// staleness markers included, by ascending time. The exemplars of a log follow
// their samples. A sample that several blocks hold is yielded once.
//
// Only one goroutine at a time may use a Reader, but any goroutine may call Done and
// Size.
type Reader struct {
	opts      Options
	selectors block.Selectors
	sources   []source        // sorted by first time
	logs      []*logSource    // all write-ahead logs, including those without samples
	catalog   sidecar.Catalog // metadata of the series
	reported  map[string]bool // texts of the damage reported so far
	done      atomic.Int64
}

// source is a block or a write-ahead log. Lanes read its chunks.
type source interface {
	// span returns the first and the last time at which the source may have samples.
	span() (mint, maxt int64)
	// open appends the lanes of the wanted series to dst.
	open(ctx context.Context, rd *reading, dst []lane) ([]lane, error)
	// next moves a lane to its next chunk, and reports whether there is one.
	next(l *lane) (place, bool)
	// load returns the encoding and the data of a chunk. It may use the memory of buf.
	load(p place, buf []byte) (enc chunkenc.Encoding, data []byte, err error)
	// close frees the resources that open acquired.
	close() error
	// values adds the values that a label has in selected series.
	values(ctx context.Context, label string, selectors block.Selectors, into map[string]bool) error
	// each calls f with the own and the external labels of the selected series. f may keep
	// them.
	each(ctx context.Context, selectors block.Selectors, f func(own, external labels.Labels) error) error
	// bytes returns the number of bytes to read.
	bytes() int64
	path() string
}

// Open finds the blocks and write-ahead logs at the given paths: folders
// of blocks, and data folders. It reports incomplete blocks to o.Damaged and leaves them
// out. It fails if a path has neither blocks nor a log, or if o is wrong.
func Open(ctx context.Context, paths []string, o Options) (*Reader, error) {
	o.Memory = cmp.Or(o.Memory, DefaultMemory)
	if o.Memory < 0 {
		return nil, fmt.Errorf("memory bound %d is negative", o.Memory)
	}
	r := &Reader{opts: o, reported: map[string]bool{}}
	r.Limit(o.Start, o.End)
	if err := r.parse(); err != nil {
		return nil, err
	}
	for _, path := range paths {
		if err := r.discover(ctx, path); err != nil {
			return nil, errors.Join(err, r.Close())
		}
	}
	slices.SortStableFunc(r.sources, func(a, b source) int {
		x, _ := a.span()
		y, _ := b.span()
		return cmp.Compare(x, y)
	})
	return r, nil
}

// parse reads the selectors.
func (r *Reader) parse() error {
	p := parser.NewParser(parser.Options{})
	for _, text := range r.opts.Match {
		m, err := p.ParseMetricSelector(text)
		if err != nil {
			return fmt.Errorf("selector %s: %w", text, err)
		}
		r.selectors = append(r.selectors, m)
	}
	return nil
}

// Catalog returns the metadata of the series.
func (r *Reader) Catalog() *sidecar.Catalog { return &r.catalog }

// Close frees the resources of the Reader.
func (r *Reader) Close() error {
	var err error
	for _, log := range r.logs {
		err = errors.Join(err, log.Close())
	}
	return err
}

// Size returns the number of bytes of chunks and logs to read.
func (r *Reader) Size() int64 {
	size := int64(0)
	for _, log := range r.logs {
		size += log.Size()
	}
	for _, s := range r.sources {
		if r.within(s) {
			size += s.bytes()
		}
	}
	return size
}

// Done returns the number of bytes of chunks and logs read so far.
func (r *Reader) Done() int64 { return r.done.Load() }

// Blocks returns the folders of the blocks, oldest first.
func (r *Reader) Blocks() []string {
	var dirs []string
	for _, s := range r.sources {
		if b, ok := s.(*blockSource); ok {
			dirs = append(dirs, b.dir)
		}
	}
	return dirs
}

// Span returns the times between which there may be samples, in milliseconds. ok is
// false if there are no samples.
func (r *Reader) Span() (start, end int64, ok bool) {
	start, end = math.MaxInt64, math.MinInt64
	for _, s := range r.sources {
		mint, maxt := s.span()
		start, end, ok = min(start, mint), max(end, maxt), true
	}
	return max(start, r.opts.Start), min(end, r.opts.End), ok
}

// Limit changes Start and End of the [Options], for times that depend on the Span.
func (r *Reader) Limit(start, end int64) {
	const last = math.MaxInt64 - 1 // leaves room for one later time
	r.opts.Start, r.opts.End = cmp.Or(start, math.MinInt64), min(cmp.Or(end, last), last)
}

// Between changes Start and End of the [Options], as Limit does. A zero time means no
// limit.
func (r *Reader) Between(from, to pcp.Timestamp) {
	first := from.Milli()
	if from.Nsec%1e6 != 0 {
		first++ // the first millisecond that is not earlier
	}
	r.Limit(first, to.Milli())
}

// Samples hands all samples to dst by ascending time.
func (r *Reader) Samples(ctx context.Context, dst prom.SampleSink) error {
	return newReading(r, r.selectors).run(ctx, dst)
}

// within reports whether a source may have samples between Start and End.
func (r *Reader) within(s source) bool {
	mint, maxt := s.span()
	return mint <= r.opts.End && maxt >= r.opts.Start
}

// damaged reports damage. It reports each damage once, although a Reader may read the
// sources several times.
func (r *Reader) damaged(path, series string, err error) {
	d := &Damage{Path: path, Series: series, Err: err}
	const remembered = 10000 // maximum number of texts to remember, to bound the memory
	text := d.Error()
	if r.reported[text] {
		return
	}
	if len(r.reported) < remembered {
		r.reported[text] = true
	}
	r.opts.Report.Add(prom.LossDamaged, cmp.Or(series, path))
	if r.opts.Damaged != nil {
		r.opts.Damaged(d)
	}
}
