package promjson

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/convert/prom"
)

// Input is a file of replies.
type Input struct {
	Name string // name in messages
	Open func() (io.ReadCloser, error)
	// Metric is the name for series without one, such as results of functions and
	// aggregations. It must not be empty.
	Metric string
}

// MetricOf returns the metric name that the name of a file suggests for series
// without one: the file's name without folder and endings, in Prometheus' form.
func MetricOf(file string) string {
	name, _, _ := strings.Cut(filepath.Base(file), ".")
	return naming.PrometheusName(cmp.Or(name, "query"))
}

// ReadOptions change how a Reader reads.
type ReadOptions struct {
	Report *prom.Report // may be nil
	// Damaged gets an error for each part that cannot be read: a file, a reply, a
	// series, a histogram or a sample. The Reader reads the rest. If Damaged is nil,
	// the first fault ends the reading.
	Damaged func(error)
}

// Reader is the [prom.SampleSource] that reads replies. It hands on whole series,
// one after the other, so samples are not in order of time. Memory holds the labels
// of all series and the text of one, at most 256 MiB.
type Reader struct {
	inputs   []Input
	opts     ReadOptions
	report   *prom.Report
	series   map[string]*prom.Series // by name and labels
	families map[string]*prom.Family // by name of the samples; replies have no families

	ctx  context.Context // of the one call of Samples
	dst  prom.SampleSink
	one  [1]prom.Sample // the batch that is handed on
	in   Input
	dec  *tokenReader
	text bool // the result is a string
}

// NewReader returns a Reader of inputs, to be read once.
func NewReader(inputs []Input, o ReadOptions) *Reader {
	return &Reader{inputs: inputs, opts: o, report: o.Report, series: map[string]*prom.Series{}, families: map[string]*prom.Family{}}
}

// Samples reads the inputs and hands every sample to dst. The error names the
// input and the place in it.
func (r *Reader) Samples(ctx context.Context, dst prom.SampleSink) error {
	r.ctx, r.dst = ctx, dst
	for _, in := range r.inputs {
		if err := cmp.Or(ctx.Err(), r.readInput(in)); err != nil {
			return err
		}
	}
	return nil
}

// sinkError marks an error of the sink, which the input did not cause.
type sinkError struct{ error }

// input reads a file. It returns the errors that end the reading.
func (r *Reader) readInput(in Input) (err error) {
	r.in = in
	f, err := in.Open()
	if err != nil {
		return r.reportDamage(err)
	}
	defer func() {
		if closed := f.Close(); closed != nil {
			err = errors.Join(err, r.reportDamage(closed))
		}
	}()
	r.dec = newTokenReader(f, maxValue)
	for n := 0; ; n++ {
		r.text = false
		err := r.reply()
		var consumer sinkError
		switch {
		case errors.Is(err, io.EOF) && n > 0:
			return nil
		case errors.Is(err, io.EOF):
			return r.reportDamage(errors.New("empty"))
		case errors.As(err, &consumer):
			return consumer.error
		case err != nil:
			if err := cmp.Or(r.ctx.Err(), r.reportDamage(r.locate(err))); err != nil {
				return err
			}
			if r.dec.recovered == maxRecovered {
				return r.reportDamage(fmt.Errorf("%d faults: the rest was left out", maxRecovered+1))
			}
			if !r.dec.recover() {
				return nil
			}
		}
	}
}

// locate adds the place in the file to an error, unless it is about a query.
func (r *Reader) locate(err error) error {
	var failed *failedQuery
	if errors.As(err, &failed) {
		return err
	}
	return fmt.Errorf("byte %d: %w", r.dec.offset(), err)
}

// reportDamage names and counts an input, or a part of it, that cannot be read. It
// returns the error if that ends the reading.
func (r *Reader) reportDamage(err error) error {
	return r.reportLoss(prom.LossDamaged, 1, err, "")
}

// reportLoss names n losses and counts them, of the named series unless series is
// "".
func (r *Reader) reportLoss(loss prom.Loss, n int, err error, series string) error {
	if text := err.Error(); !strings.HasPrefix(text, r.in.Name) && !strings.Contains(text, " "+r.in.Name+": ") {
		err = fmt.Errorf("%s: %w", r.in.Name, err)
	}
	if r.opts.Damaged == nil {
		return err
	}
	r.report.AddN(loss, cmp.Or(series, r.in.Name), int64(n))
	r.opts.Damaged(err)
	return nil
}

// lost is missing for a part of a reply; err is nil if nothing is wrong with it.
func (r *Reader) reportPart(loss prom.Loss, series string, err error, n int) error {
	if err == nil {
		return nil
	}
	if series != "" {
		err = fmt.Errorf("%s: %w", series, err)
	}
	if r.opts.Damaged == nil {
		return err // input says the place
	}
	return r.reportLoss(loss, n, r.locate(err), series)
}

// seriesText returns a series as PromQL has it.
func seriesText(s *prom.Series) string {
	if len(s.Labels) == 0 {
		return s.Name
	}
	var pairs []string
	for _, l := range s.Labels {
		pairs = append(pairs, l.Name+"="+strconv.Quote(l.Value))
	}
	return s.Name + "{" + strings.Join(pairs, ", ") + "}"
}

// put hands on a sample.
func (r *Reader) put(s *prom.Series, x prom.Sample) error {
	r.one[0] = x
	if err := r.dst.Append(s, r.one[:]); err != nil {
		return sinkError{err}
	}
	return nil
}

// find finds or makes a series.
func (r *Reader) resolve(name string, own []prom.Label) *prom.Series {
	sortLabels(own)
	var key strings.Builder
	key.WriteString(strconv.Quote(name))
	for _, l := range own {
		key.WriteString(strconv.Quote(l.Name) + strconv.Quote(l.Value))
	}
	s, ok := r.series[key.String()]
	if !ok {
		f := r.families[name]
		if f == nil {
			f = &prom.Family{Name: name, Type: prom.TypeUnknown}
			r.families[name] = f
		}
		s = &prom.Series{Family: f, Name: name, Labels: own, Sem: naming.SemanticsOf(name, *f), ID: len(r.series)}
		r.series[key.String()] = s
	}
	return s
}
