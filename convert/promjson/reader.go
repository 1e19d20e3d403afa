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

	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/convert/nativehist"
)

// Input is a file of replies.
type Input struct {
	Name string // for messages
	Open func() (io.ReadCloser, error)
	// Metric names series that have no name, as the results of functions and
	// aggregations. It must not be empty.
	Metric string
}

// Reader is the [convert.SampleSource] that reads replies. Series come whole, one
// after the other, so samples are in no order of time. In memory is one series
// with its samples, 256 MiB of text at most, beside the labels of all.
type Reader struct {
	inputs []Input
	report *convert.Report
	series map[string]*convert.PromSeries // by name and labels
	// families are told by no more than the names of series.
	families map[string]*convert.Family

	ctx  context.Context // of the one call of Samples
	dst  convert.Samples
	in   Input
	dec  *json.Decoder
	text bool // the result is a string
}

// NewReader returns a Reader of inputs, to be read once. The report may be nil.
func NewReader(inputs []Input, report *convert.Report) *Reader {
	return &Reader{inputs: inputs, report: report, series: map[string]*convert.PromSeries{}, families: map[string]*convert.Family{}}
}

// Samples reads the inputs and hands every sample to dst. The error names the
// input and the place in it.
func (r *Reader) Samples(ctx context.Context, dst convert.Samples) error {
	r.ctx, r.dst = ctx, dst
	for _, in := range r.inputs {
		if err := r.input(in); err != nil {
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
type errConsumer struct{ error }

func (r *Reader) input(in Input) (err error) {
	f, err := in.Open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	r.in, r.dec = in, newBounded(f, maxValue)
	for n := 0; ; n++ {
		r.text = false
		err := r.reply()
		var consumer errConsumer
		var failed *failedQuery
		switch {
		case errors.Is(err, io.EOF) && n > 0:
			return nil
		case errors.Is(err, io.EOF):
			return fmt.Errorf("%s: empty", in.Name)
		case errors.As(err, &consumer):
			return consumer.error
		case errors.As(err, &failed):
			return fmt.Errorf("%s: %w", in.Name, err)
		case err != nil:
			return fmt.Errorf("%s: byte %d: %w", in.Name, r.dec.InputOffset(), err)
		}
	}
}

// reply reads a reply, its data or a bare result.
func (r *Reader) reply() error {
	t, err := r.dec.Token()
	if err != nil {
		return err
	}
	switch t {
	case json.Delim('{'):
		return within(r.object())
	case json.Delim('['):
		return within(r.result())
	}
	return fmt.Errorf("want a reply of Prometheus' query API, got %v", t)
}

// within makes an end of file inside a value an error.
func within(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// object reads the rest of an object: a reply or its data.
func (r *Reader) object() error {
	var status, message, kind string
	results := false
	for r.dec.More() {
		key, err := r.dec.Token()
		if err != nil {
			return err
		}
		switch key {
		case "status":
			err = r.dec.Decode(&status)
		case "error":
			err = r.dec.Decode(&message)
		case "errorType":
			err = r.dec.Decode(&kind)
		case "resultType":
			var typ string
			err = r.dec.Decode(&typ)
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
			err = r.dec.Decode(&skipped)
		}
		if err != nil {
			return err
		}
	}
	if _, err := r.dec.Token(); err != nil {
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
	t, err := r.dec.Token()
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
	t, err := r.dec.Token()
	if err == nil && t != want {
		err = fmt.Errorf("want %v, got %v", want, t)
	}
	return err
}

// result reads the rest of an array: series, or the time and value of a scalar.
func (r *Reader) result() error {
	scalar := make([]json.RawMessage, 0, 2)
	for r.dec.More() {
		var raw json.RawMessage
		if err := r.dec.Decode(&raw); err != nil {
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
		r.report.Add(convert.LossNotNumeric, r.in.Metric)
		return nil
	}
	t, v, _, err := parsePair(pair)
	if err != nil {
		return err
	}
	return r.put(r.find(r.in.Metric, nil), t, v)
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
		return err
	}
	if e.metric == nil {
		return errors.New("a series without metric")
	}
	name, own := r.in.Metric, make([]convert.Label, 0, len(e.metric))
	for label, value := range e.metric {
		switch {
		case label == "__name__" && value != "":
			name = value
		case value != "" && label != "__name__":
			own = append(own, convert.Label{Name: label, Value: value})
		}
	}
	s := r.find(name, own)
	if err := r.histograms(s, e.histograms); err != nil {
		return err
	}
	if len(e.value) > 0 {
		t, v, _, err := parsePair(e.value)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		return r.put(s, t, v)
	}
	err := eachPair(e.values, func(t int64, v float64) error { return r.put(s, t, v) })
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return r.ctx.Err()
}

// histograms hands on the native histograms of a series. What cannot be rebuilt
// is counted.
func (r *Reader) histograms(s *convert.PromSeries, raw []json.RawMessage) error {
	told := make([]*reading, len(raw))
	for i := range raw {
		var err error
		if told[i], err = parseHistogram(raw[i]); err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
	}
	for i, h := range rebuild(told) {
		if h == nil {
			r.report.Add(convert.LossNativeHist, s.Name)
			continue
		}
		data, err := nativehist.Encode(nil, h)
		if err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
		if err := convert.PutHistogram(r.dst, s, told[i].t, data, r.report); err != nil {
			return errConsumer{err}
		}
	}
	return nil
}

// put hands on a sample.
func (r *Reader) put(s *convert.PromSeries, t int64, v float64) error {
	if err := r.dst.Sample(s, t, v); err != nil {
		return errConsumer{err}
	}
	return nil
}

// find finds or makes a series.
func (r *Reader) find(name string, own []convert.Label) *convert.PromSeries {
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
			f = &convert.Family{Name: name, Type: convert.TypeUnknown}
			r.families[name] = f
		}
		s = &convert.PromSeries{Family: f, Name: name, Labels: own, Sem: convert.SemanticsOf(name, *f), ID: len(r.series)}
		r.series[key.String()] = s
	}
	return s
}
