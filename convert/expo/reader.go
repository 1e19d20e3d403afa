package expo

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/pcparchive/pcparchive/convert/naming"
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

// batch is what one goroutine hands to the other.
type batch struct {
	samples []batchSample
	changes []change      // by ascending at
	run     []prom.Sample // what is handed on at once
}

type batchSample struct {
	series *prom.Series
	t      int64
	v      float64
}

// change is what there is beside samples, before the one at a place: another
// description of a series' family, or an exemplar of the sample before.
type change struct {
	at       int
	series   *prom.Series
	family   *prom.Family   // or
	exemplar *prom.Exemplar // of a sample
	t        int64          // of this time
}

const (
	batchSize = 4096
	batches   = 4
)

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

// deliver hands a batch on.
func (b *batch) deliver(dst prom.SampleSink) error {
	at := 0
	for _, c := range b.changes {
		if err := b.deliverRuns(dst, b.samples[at:c.at]); err != nil {
			return err
		}
		at = c.at
		if c.exemplar != nil {
			b.run = append(b.run[:0], prom.Sample{T: c.t, Exemplar: c.exemplar})
			if err := dst.Append(c.series, b.run); err != nil {
				return err
			}
			continue
		}
		c.series.Family, c.series.Sem = c.family, naming.SemanticsOf(c.series.Name, *c.family)
	}
	return b.deliverRuns(dst, b.samples[at:])
}

// hand hands samples on, those of one series that follow each other as one batch.
func (b *batch) deliverRuns(dst prom.SampleSink, samples []batchSample) error {
	for len(samples) > 0 {
		series := samples[0].series
		b.run = b.run[:0]
		for len(samples) > 0 && samples[0].series == series {
			b.run = append(b.run, prom.Sample{T: samples[0].t, V: samples[0].v})
			samples = samples[1:]
		}
		if err := dst.Append(series, b.run); err != nil {
			return err
		}
	}
	return nil
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

// maxFaults is how many lines of an input may be faulty until the rest of it is
// left out.
const maxFaults = 1000

// tolerant reads one input. Its faults go to Damaged, if there is that.
func (r *Reader) readTolerant(ctx context.Context, in Input, next func() error) error {
	if r.opts.Damaged == nil {
		return r.readInput(ctx, in, next)
	}
	var first error
	faults := 0
	r.lexer.skip = func(err error) bool {
		first = cmp.Or(first, err)
		faults++
		return faults < maxFaults
	}
	err := r.readInput(ctx, in, next)
	if err == nil && r.empty {
		err = &Error{Name: in.Name, Line: 1, Err: ErrEmpty}
	}
	if r.batch == nil || ctx.Err() != nil {
		return err
	}
	lines := fmt.Sprintf("%d lines were left out", faults)
	if faults == 1 {
		lines = "the line was left out"
	}
	name := in.Name
	switch {
	case faults == 0 && err == nil:
		return nil
	case faults >= maxFaults:
		r.opts.Damaged(fmt.Errorf("%w; %s, and all that follows the last of them", first, lines))
	case faults > 0:
		r.opts.Damaged(fmt.Errorf("%w; %s", first, lines))
	}
	if err != nil && faults < maxFaults {
		r.opts.Damaged(withInputName(name, err))
		faults++
	}
	r.opts.Report.AddN(prom.LossDamaged, name, int64(faults))
	return nil
}

// named makes sure that an error says which input it is about.
func withInputName(name string, err error) error {
	if strings.Contains(err.Error(), name) {
		return err
	}
	return fmt.Errorf("%s: %w", name, err)
}

// input reads one input.
func (r *Reader) readInput(ctx context.Context, in Input, next func() error) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	r.empty = false
	f, err := in.Open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	format, rest, err := r.detectFormat(in, f)
	if err != nil {
		return err
	}
	detected, now := r.opts.Format == nil, in.Time.UnixMilli()
	r.lexer.begin(in.Name, format, func(k *pageSeries, v recordValue) error {
		switch {
		case !v.hasTime && r.lexer.pages > 1:
			return errNoTime
		case !v.hasTime:
			v.time = now
		case detected:
			if err := checkTime(format, v.time); err != nil {
				return err
			}
		}
		b := r.batch
		if k.series == nil {
			r.resolve(k)
		}
		if k.reportedFamily != k.family {
			b.changes = append(b.changes, change{at: len(b.samples), series: k.series, family: k.family})
			k.reportedFamily = k.family
		}
		b.samples = append(b.samples, batchSample{k.series, v.time, v.value})
		if v.exemplar != nil {
			b.changes = append(b.changes, change{at: len(b.samples), series: k.series, exemplar: v.exemplar, t: v.time})
		}
		if len(b.samples) == batchSize {
			return next()
		}
		return nil
	})
	err = r.lexer.read(rest, windowSize)
	r.empty = r.lexer.size == 0
	return err
}

// admit finds or makes the series of what was read.
func (r *Reader) resolve(k *pageSeries) {
	key := strconv.AppendQuote(r.key[:0], k.name)
	for _, l := range k.labels {
		key = append(strconv.AppendQuote(append(strconv.AppendQuote(key, l.Name), '='), l.Value), ',')
	}
	r.key = key
	s, ok := r.series[string(key)]
	if !ok {
		s = &prom.Series{
			Family: k.family, Name: k.name, Labels: k.labels,
			Sem: naming.SemanticsOf(k.name, *k.family), ID: len(r.series),
		}
		r.series[string(key)] = s
		r.lexer.native.bind(s.Name)
		r.lexer.native.note(s.Name, s.Labels)
		k.reportedFamily = k.family
	}
	k.series = s
}

// format tells the format of an input and returns all of it again.
func (r *Reader) detectFormat(in Input, f io.Reader) (Format, io.Reader, error) {
	if r.opts.Format != nil {
		return *r.opts.Format, f, nil
	}
	tail, err := tailOf(f)
	if err != nil {
		return 0, nil, err
	}
	head := make([]byte, windowSize)
	n, err := io.ReadFull(f, head)
	head = head[:n]
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		tail = head
	case err != nil:
		return 0, nil, fmt.Errorf("%s: %w", in.Name, err)
	}
	format, err := Detect(head, tail)
	var doubt *timeDoubt
	if errors.As(err, &doubt) {
		return 0, nil, &Error{Name: in.Name, Line: doubt.line, Err: err}
	}
	if err != nil {
		return 0, nil, fmt.Errorf("%s: %w", in.Name, err)
	}
	return format, io.MultiReader(bytes.NewReader(head), f), nil
}

// tailOf returns the end of what can seek, without moving.
func tailOf(f io.Reader) ([]byte, error) {
	s, ok := f.(io.Seeker)
	if !ok {
		return nil, nil
	}
	end, err := s.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, nil //nolint:nilerr // a pipe: the type says that it can seek, and it cannot
	}
	tail := make([]byte, min(end, 64))
	if _, err := s.Seek(end-int64(len(tail)), io.SeekStart); err != nil {
		return nil, err
	}
	if _, err := io.ReadFull(f, tail); err != nil {
		return nil, err
	}
	_, err = s.Seek(0, io.SeekStart)
	return tail, err
}
