package promjson

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/convert/nativehist"
	"github.com/pcparchive/pcparchive/convert/prom"
)

// Input is a file of replies.
type Input struct {
	Name string // for messages
	Open func() (io.ReadCloser, error)
	// Metric names series that have no name, as the results of functions and
	// aggregations. It must not be empty.
	Metric string
}

// ReadOptions change how a Reader reads.
type ReadOptions struct {
	Report *prom.Report // may be nil
	// Damaged is told of everything that cannot be read: a file, a reply, a series,
	// a histogram or a sample. The rest is read. Nil ends the reading at the first
	// fault.
	Damaged func(error)
}

// Reader is the [prom.SampleSource] that reads replies. Series come whole, one
// after the other, so samples are in no order of time. In memory is one series
// with its samples, 256 MiB of text at most, beside the labels of all.
type Reader struct {
	inputs []Input
	opts   ReadOptions
	report *prom.Report
	series map[string]*prom.Series // by name and labels
	// families are told by no more than the names of series.
	families map[string]*prom.Family

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

// failedQuery is what a reply says in place of data.
type failedQuery struct{ kind, message string }

func (f *failedQuery) Error() string {
	return fmt.Sprintf("the query failed: %s: %s", cmp.Or(f.kind, "error"), f.message)
}

// errConsumer marks an error that is not the input's.
type sinkError struct{ error }

// input reads a file. It returns the errors that end the reading.
func (r *Reader) readInput(in Input) (err error) {
	r.in = in
	f, err := in.Open()
	if err != nil {
		return r.reportDamage(err, "")
	}
	defer func() {
		if closed := f.Close(); closed != nil {
			err = errors.Join(err, r.reportDamage(closed, ""))
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
			return r.reportDamage(errors.New("empty"), "")
		case errors.As(err, &consumer):
			return consumer.error
		case err != nil:
			if err := cmp.Or(r.ctx.Err(), r.reportDamage(r.locate(err), "")); err != nil {
				return err
			}
			if r.dec.recovered == maxRecovered {
				return r.reportDamage(fmt.Errorf("%d faults: the rest was left out", maxRecovered+1), "")
			}
			if !r.dec.recover() {
				return nil
			}
		}
	}
}

// place says where in the file an error is, unless the error is about a query.
func (r *Reader) locate(err error) error {
	var failed *failedQuery
	if errors.As(err, &failed) {
		return err
	}
	return fmt.Errorf("byte %d: %w", r.dec.offset(), err)
}

// damaged names and counts what cannot be read, of the named series unless series
// is "". It returns the error if that ends the reading.
func (r *Reader) reportDamage(err error, series string) error {
	return r.reportLoss(prom.LossDamaged, 1, err, series)
}

// missing is damaged for n losses of any kind.
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

// reply reads a reply, its data or a bare result.
func (r *Reader) reply() error {
	t, err := r.dec.token()
	if err != nil {
		return err
	}
	switch t {
	case json.Delim('{'):
		return unexpectedEOF(r.object())
	case json.Delim('['):
		return unexpectedEOF(r.result())
	}
	return fmt.Errorf("want a reply of Prometheus' query API, got %v", t)
}

// within makes an end of file inside a value an error.
func unexpectedEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// object reads the rest of an object: a reply or its data.
func (r *Reader) object() error {
	var status, message, kind string
	results := false
	for r.dec.more() {
		key, err := r.dec.token()
		if err != nil {
			return err
		}
		switch key {
		case "status":
			err = r.dec.decode(&status)
		case "error":
			err = r.dec.decode(&message)
		case "errorType":
			err = r.dec.decode(&kind)
		case "resultType":
			var typ string
			err = r.dec.decode(&typ)
			r.text = typ == "string"
		case "data":
			results = true
			err = r.data()
		case "result":
			results = true
			if err = r.open('['); err == nil {
				err = r.result()
			}
		default:
			var skipped json.RawMessage
			err = r.dec.decode(&skipped)
		}
		if err != nil {
			return err
		}
	}
	if _, err := r.dec.token(); err != nil {
		return err
	}
	switch {
	case status == "error" || message != "":
		return &failedQuery{kind, message}
	case !results:
		return errors.New("want a reply of Prometheus' query API: neither data nor result")
	}
	return nil
}

// data reads the data of a reply. That of an error may be null.
func (r *Reader) data() error {
	t, err := r.dec.token()
	switch {
	case err != nil:
		return err
	case t == nil:
		return nil
	case t == json.Delim('{'):
		return r.object()
	case t == json.Delim('['):
		return r.result()
	}
	return fmt.Errorf("data: want an object, got %v", t)
}

// open reads a delimiter.
func (r *Reader) open(want json.Delim) error {
	t, err := r.dec.token()
	if err == nil && t != want {
		err = fmt.Errorf("want %v, got %v", want, t)
	}
	return err
}

// result reads the rest of an array: series, or the time and value of a scalar.
func (r *Reader) result() error {
	scalar := make([]json.RawMessage, 0, 2)
	for r.dec.more() {
		var raw json.RawMessage
		if err := r.dec.decode(&raw); err != nil {
			return err
		}
		if raw[0] == '{' && len(scalar) == 0 {
			if err := r.element(raw); err != nil {
				return err
			}
			continue
		}
		if scalar = append(scalar, raw); len(scalar) > 2 || raw[0] == '{' || raw[0] == '[' {
			return errors.New("result: want series, or a time and a value")
		}
	}
	if err := r.open(']'); err != nil || len(scalar) == 0 {
		return err
	}
	if len(scalar) != 2 {
		return errors.New("result: want series, or a time and a value")
	}
	return r.scalar([]byte("[" + string(scalar[0]) + "," + string(scalar[1]) + "]"))
}

// scalar takes the one sample of a scalar. A string is no number.
func (r *Reader) scalar(pair []byte) error {
	if r.text {
		r.report.Add(prom.LossNotNumeric, r.in.Metric)
		return nil
	}
	t, v, _, err := parsePair(pair)
	if err != nil {
		return err
	}
	return r.put(r.resolve(r.in.Metric, nil), prom.Sample{T: t, V: v})
}

// element is a series of a vector or a matrix.
type element struct {
	metric        map[string]string
	value, values []byte
	histograms    []json.RawMessage
}

// field takes a field of a series.
func (e *element) field(key string, value []byte) error {
	switch key {
	case "metric":
		return json.Unmarshal(value, &e.metric)
	case "value":
		e.value = value
	case "values":
		e.values = value
	case "histogram":
		e.histograms = append(e.histograms, value)
	case "histograms":
		var all []json.RawMessage
		err := json.Unmarshal(value, &all)
		e.histograms = append(e.histograms, all...)
		return err
	}
	return nil
}

func (r *Reader) element(raw []byte) error {
	var e element
	if err := eachField(raw, e.field); err != nil {
		return r.reportPart(prom.LossDamaged, "", err, 1)
	}
	if e.metric == nil {
		return r.reportPart(prom.LossDamaged, "", errors.New("a series without metric"), 1)
	}
	name, own := r.in.Metric, make([]prom.Label, 0, len(e.metric))
	for label, value := range e.metric {
		switch {
		case label == "__name__" && value != "":
			name = value
		case value != "" && label != "__name__":
			own = append(own, prom.Label{Name: label, Value: value})
		}
	}
	s := r.resolve(name, own)
	if err := r.histograms(s, e.histograms); err != nil {
		return err
	}
	var bad faults
	if len(e.value) > 0 {
		t, v, _, err := parsePair(e.value)
		if err == nil {
			return r.put(s, prom.Sample{T: t, V: v})
		}
		bad.add(err)
	} else if err := eachPair(e.values, func(t int64, v float64) error { return r.put(s, prom.Sample{T: t, V: v}) }, bad.add); err != nil {
		return err
	}
	return cmp.Or(r.reportPart(prom.LossDamaged, seriesText(s), bad.err("samples"), bad.n), r.ctx.Err())
}

// faults are those of a series' samples, or of its histograms.
type faults struct {
	first error
	n     int
}

func (f *faults) add(err error) {
	f.first = cmp.Or(f.first, err)
	f.n++
}

// err returns nil if there are none.
func (f *faults) err(what string) error {
	if f.n > 1 {
		return fmt.Errorf("%d %s were left out, the first: %w", f.n, what, f.first)
	}
	return f.first
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

// histograms hands on the native histograms of a series. What cannot be rebuilt
// is counted, and named if it is not what a reply should have.
func (r *Reader) histograms(s *prom.Series, raw []json.RawMessage) error {
	told := make([]*replyHistogram, 0, len(raw))
	var bad faults
	for i := range raw {
		h, err := parseHistogram(raw[i])
		if err != nil {
			bad.add(err)
			continue
		}
		told = append(told, h)
	}
	for i, h := range rebuild(told) {
		if h == nil {
			r.report.Add(prom.LossNativeHist, s.Name)
			continue
		}
		data, err := nativehist.Encode(nil, h)
		if err != nil {
			bad.add(err)
			continue
		}
		if err := r.put(s, prom.Sample{T: told[i].t, Histogram: data}); err != nil {
			return err
		}
	}
	return r.reportPart(prom.LossNativeHist, seriesText(s), bad.err("native histograms"), bad.n)
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
