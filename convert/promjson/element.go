package promjson

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/pcparchive/pcparchive/convert/nativehist"
	"github.com/pcparchive/pcparchive/convert/prom"
)

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

// faults collects the faults in a series' samples or histograms.
type faults struct {
	first error
	n     int
}

func (f *faults) add(err error) {
	f.first = cmp.Or(f.first, err)
	f.n++
}

// err returns one error about all faults, nil if there are none. what names the
// faulty parts.
func (f *faults) err(what string) error {
	if f.n > 1 {
		return fmt.Errorf("%d %s were left out, the first: %w", f.n, what, f.first)
	}
	return f.first
}

// histograms hands on the native histograms of a series. It counts histograms that
// cannot be rebuilt, and reports malformed ones.
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
