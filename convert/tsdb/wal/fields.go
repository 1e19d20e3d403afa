package wal

import (
	"encoding/binary"
	"errors"
	"math"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/pcparchive/pcparchive/convert/prom"
)

// fields reads the fields of a record. After a field that is cut short, bad is true
// and all fields are zero.
type fields struct {
	b   []byte // the bytes not yet read
	bad bool
}

var errFields = errors.New("the record ends inside a field")

// more reports whether there are bytes to read.
func (f *fields) more() bool { return len(f.b) > 0 && !f.bad }

// err returns errFields if a field was cut short.
func (f *fields) err() error {
	if f.bad {
		return errFields
	}
	return nil
}

// take reads n bytes.
func (f *fields) take(n uint64) []byte {
	if f.bad || n > uint64(len(f.b)) {
		f.b, f.bad = nil, true
		return nil
	}
	taken := f.b[:n]
	f.b = f.b[n:]
	return taken
}

func (f *fields) uint8() byte {
	if b := f.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (f *fields) uint64() uint64 {
	if b := f.take(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

func (f *fields) uvarint() uint64 {
	v, n := binary.Uvarint(f.b)
	f.take(uint64(max(n, 0)))
	f.bad = f.bad || n <= 0
	return v
}

func (f *fields) varint() int64 {
	u := f.uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

func (f *fields) text() string { return string(f.take(f.uvarint())) }

// labels reads labels into b.
func (f *fields) labels(b *labels.ScratchBuilder) {
	b.Reset()
	for n := f.uvarint(); n > 0 && !f.bad; n-- {
		name, value := f.text(), f.text()
		if !prom.FitsLabel(name) || !prom.FitsLabel(value) {
			f.bad = true
		} else if value != "" {
			b.Add(name, value)
		}
	}
	b.Sort()
}

// skipVarints skips n numbers of variable length.
func (f *fields) skipVarints(n uint64) {
	for ; n > 0 && !f.bad; n-- {
		f.uvarint()
	}
}

// skipFloats skips n numbers of 8 bytes.
func (f *fields) skipFloats(n uint64) {
	if n > math.MaxUint64/8 {
		f.bad = true
	}
	f.take(n * 8)
}

// skipHistogram skips a histogram of floats or of integers.
func (f *fields) skipHistogram(float bool) {
	f.uint8() // hint about resets
	schema := f.varint()
	f.uint64() // zero threshold
	if float { // zero count and count
		f.take(16)
	} else {
		f.skipVarints(2)
	}
	f.uint64()    // sum
	for range 2 { // positive and negative spans
		for n := f.uvarint(); n > 0 && !f.bad; n-- {
			f.skipVarints(2)
		}
	}
	for range 2 { // positive and negative buckets
		if n := f.uvarint(); float {
			f.skipFloats(n)
		} else {
			f.skipVarints(n)
		}
	}
	if histogram.IsCustomBucketsSchema(int32(schema)) {
		f.skipFloats(f.uvarint())
	}
}
