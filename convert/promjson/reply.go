package promjson

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/internal/eof"
)

// failedQuery is the error in a reply to a query that failed.
type failedQuery struct{ kind, message string }

func (f *failedQuery) Error() string {
	return fmt.Sprintf("the query failed: %s: %s", cmp.Or(f.kind, "error"), f.message)
}

// reply reads a reply, its data or a bare result.
func (r *Reader) reply() error {
	t, err := r.dec.token()
	if err != nil {
		return err
	}
	switch t {
	case json.Delim('{'):
		return eof.Early(r.object())
	case json.Delim('['):
		return eof.Early(r.result())
	}
	return fmt.Errorf("want a reply of Prometheus' query API, got %v", t)
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

// scalar takes the one sample of a scalar. It counts a string as not numeric.
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
