package read

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
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

// DefaultMemory is how many bytes of samples a Reader holds by default.
const DefaultMemory = 64 << 20

// Options say what a Reader reads. The zero value reads everything.
type Options struct {
	// Match are PromQL selectors, such as {job="node"}: only series that one of
	// them selects are read.
	Match []string
	// Start and End, in milliseconds, are the first and the last time that is
	// read; 0 means no such limit.
	Start, End int64
	// Memory bounds, in bytes, the samples that wait to be put in order of time;
	// 0 is DefaultReadMemory. Beside them there are the labels of the series and,
	// for each series in a block, an open chunk: about 1 kB.
	Memory int64
	// TempDir is the folder for the chunks of a write-ahead log, "" the system's.
	TempDir string
	// Report counts what does not cross; it may be nil.
	Report *prom.Report
	// Damaged is told of each part of the input that cannot be read. It may be
	// nil, and is not called by two goroutines at a time.
	Damaged func(*Damage)
}

// Damage is a part of the input that could not be read; the rest was.
type Damage struct {
	Path   string // the block's folder or the file concerned
	Series string // whose samples are lost, as Prometheus writes it; "" if it is not one series
	Err    error
}

// Error says what is lost, where and why.
func (d *Damage) Error() string {
	if d.Series == "" {
		return fmt.Sprintf("%s: %v", d.Path, d.Err)
	}
	return fmt.Sprintf("%s: series %s: %v", d.Path, d.Series, d.Err)
}

// Unwrap returns the reason.
func (d *Damage) Unwrap() error { return d.Err }

// Reader is a [prom.SampleSource] that reads blocks and the write-ahead log
// of a Prometheus server, without writing to where they are. All samples come by
// ascending time, staleness markers included; a sample that several blocks hold
// comes once, the exemplars of a log behind their samples.
//
// A Reader is for one goroutine at a time, but Done and Size may be called by
// any.
type Reader struct {
	opts      Options
	selectors block.Selectors
	sources   []source        // by their first time
	logs      []*logSource    // all write-ahead logs, also those without samples
	catalog   sidecar.Catalog // metadata of the series
	told      map[string]bool
	done      atomic.Int64
}

// source is what lanes read from: a block or a write-ahead log.
type source interface {
	// span returns the first and the last time that it may have.
	span() (mint, maxt int64)
	// open appends the lanes of the wanted series to dst.
	open(ctx context.Context, rd *reading, dst []lane) ([]lane, error)
	// next moves a lane to its next chunk, and reports whether there is one.
	next(l *lane) (place, bool)
	// load returns the encoding and the data of a chunk; buf is for its use.
	load(p place, buf []byte) (enc chunkenc.Encoding, data []byte, err error)
	// close frees what open holds.
	close() error
	// values adds the values that a label has in selected series.
	values(ctx context.Context, label string, selectors block.Selectors, into map[string]bool) error
	// each calls f with the labels of the selected series, which f may keep.
	each(ctx context.Context, selectors block.Selectors, f func(labels.Labels) error) error
	// bytes returns how much there is to read.
	bytes() int64
	path() string
}

// Open finds the blocks and write-ahead logs at the given paths: folders
// of blocks, and data folders. What is incomplete is named to o.Damaged and left
// out; the error is for paths that hold nothing, and for mistakes in o.
func Open(ctx context.Context, paths []string, o Options) (*Reader, error) {
	o.Memory = cmp.Or(o.Memory, DefaultMemory)
	if o.Memory < 0 {
		return nil, fmt.Errorf("memory bound %d is negative", o.Memory)
	}
	r := &Reader{opts: o, told: map[string]bool{}}
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

// Close frees what r holds.
func (r *Reader) Close() error {
	var err error
	for _, log := range r.logs {
		err = errors.Join(err, log.Close())
	}
	return err
}

// Size returns the bytes of chunks and logs that there are to read.
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

// Done returns how many of them were read so far.
func (r *Reader) Done() int64 { return r.done.Load() }

// Blocks returns the folders of the blocks that are read, oldest first.
func (r *Reader) Blocks() []string {
	var dirs []string
	for _, s := range r.sources {
		if b, ok := s.(*blockSource); ok {
			dirs = append(dirs, b.dir)
		}
	}
	return dirs
}

// Span returns the times between which there may be samples, in milliseconds;
// ok is false if there are none.
func (r *Reader) Span() (start, end int64, ok bool) {
	start, end = math.MaxInt64, math.MinInt64
	for _, s := range r.sources {
		mint, maxt := s.span()
		start, end, ok = min(start, mint), max(end, maxt), true
	}
	return max(start, r.opts.Start), min(end, r.opts.End), ok
}

// Limit sets the first and the last time that is read from now on, as
// [Options] do: for times that depend on the Span.
func (r *Reader) Limit(start, end int64) {
	const last = math.MaxInt64 - 1 // so that there is a time after it
	r.opts.Start, r.opts.End = cmp.Or(start, math.MinInt64), min(cmp.Or(end, last), last)
}

// Between sets the first and the last time that is read from now on, as Limit does.
// A zero time means no limit.
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

// Condition holds for series whose label has one of the values; "" is that of a
// label that is not there.
type Condition struct {
	Label  string
	Values []string
}

// Where is the source of those samples of r for whose series all conditions of
// one of the lists hold.
func (r *Reader) Where(any ...[]Condition) prom.SampleSource { return restricted{r, any} }

type restricted struct {
	r   *Reader
	any [][]Condition
}

// Samples hands the samples to dst by ascending time.
func (s restricted) Samples(ctx context.Context, dst prom.SampleSink) error {
	var selectors block.Selectors
	for _, all := range s.any {
		narrow, err := s.r.narrowed(all)
		if err != nil {
			return err
		}
		selectors = append(selectors, narrow...)
	}
	if len(selectors) == 0 {
		return nil
	}
	return newReading(s.r, selectors).run(ctx, dst)
}

// narrowed returns the selectors with conditions added.
func (r *Reader) narrowed(all []Condition) (block.Selectors, error) {
	var more []*labels.Matcher
	for _, c := range all {
		m, err := block.OneOf(c.Label, c.Values)
		if err != nil {
			return nil, err
		}
		more = append(more, m)
	}
	if len(r.selectors) == 0 {
		if len(more) == 0 {
			return nil, nil
		}
		return block.Selectors{more}, nil
	}
	var out block.Selectors
	for _, sel := range r.selectors {
		out = append(out, append(slices.Clone(sel), more...))
	}
	return out, nil
}

// LabelValues returns the values that a label has in series for which all
// conditions hold, sorted; "" is among them if it is not there in one of these.
func (r *Reader) LabelValues(ctx context.Context, label string, all ...Condition) ([]string, error) {
	selectors, err := r.narrowed(all)
	if err != nil {
		return nil, err
	}
	found := map[string]bool{}
	for _, s := range r.sources {
		if !r.within(s) {
			continue
		}
		if err := s.values(ctx, label, selectors, found); err != nil {
			r.damaged(s.path(), "", err)
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	return slices.Sorted(maps.Keys(found)), nil
}

// Series calls f with every series, its number aside; those that several blocks
// have may come more than once. An error of f ends it.
func (r *Reader) Series(ctx context.Context, f func(*prom.Series) error) error {
	var failed error
	for _, s := range r.sources {
		if !r.within(s) {
			continue
		}
		err := s.each(ctx, r.selectors, func(lset labels.Labels) error {
			series, _ := r.catalog.Describe(lset, 0)
			if failed = cmp.Or(ctx.Err(), f(series)); failed != nil {
				return failed
			}
			return nil
		})
		if failed != nil {
			return failed
		}
		if err != nil {
			r.damaged(s.path(), "", err)
		}
	}
	return ctx.Err()
}

// within reports whether a source may have samples in the wanted time.
func (r *Reader) within(s source) bool {
	mint, maxt := s.span()
	return mint <= r.opts.End && maxt >= r.opts.Start
}

// damaged names damage, each only once though a Reader may read more than once.
func (r *Reader) damaged(path, series string, err error) {
	d := &Damage{Path: path, Series: series, Err: err}
	const remembered = 10000 // so many different ones, not to fill the memory
	text := d.Error()
	if r.told[text] {
		return
	}
	if len(r.told) < remembered {
		r.told[text] = true
	}
	r.opts.Report.Add(prom.LossDamaged, cmp.Or(series, path))
	if r.opts.Damaged != nil {
		r.opts.Damaged(d)
	}
}
