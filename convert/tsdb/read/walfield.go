package read

import (
	"encoding/binary"
	"errors"
	"math"

	"github.com/prometheus/prometheus/model/labels"
	promrecord "github.com/prometheus/prometheus/tsdb/record"

	"github.com/pcparchive/pcparchive/convert/prom"
)

// fields reads the fields of a record. Prometheus' own decoders trust the
// numbers of labels and of fields.
type fields struct {
	b   []byte
	bad bool
}

var errFields = errors.New("the record ends inside a field")

func (f *fields) more() bool { return len(f.b) > 0 && !f.bad }

func (f *fields) err() error {
	if f.bad {
		return errFields
	}
	return nil
}

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

// walSeries calls add with every series of a record.
func walSeries(rec []byte, b *labels.ScratchBuilder, add func(ref uint64, lset labels.Labels)) error {
	f := fields{b: rec[1:]}
	for f.more() {
		ref := f.uint64()
		if f.labels(b); !f.bad {
			add(ref, b.Labels())
		}
	}
	return f.err()
}

// walMetadata calls add with every entry of a record.
func walMetadata(rec []byte, add func(m promrecord.RefMetadata)) error {
	f := fields{b: rec[1:]}
	for f.more() {
		var m promrecord.RefMetadata
		m.Ref, m.Type = ref(f.uvarint()), f.uint8()
		for n := f.uvarint(); n > 0 && !f.bad; n-- {
			switch name, value := f.text(), f.text(); name {
			case "UNIT":
				m.Unit = value
			case "HELP":
				m.Help = value
			}
		}
		if !f.bad {
			add(m)
		}
	}
	return f.err()
}

// walExemplars calls add with every exemplar of a record. Its labels are those
// of the builder, which the next one changes.
func walExemplars(rec []byte, b *labels.ScratchBuilder, add func(e promrecord.RefExemplar) error) error {
	f := fields{b: rec[1:]}
	if !f.more() {
		return nil
	}
	base, start := f.uint64(), int64(f.uint64())
	for f.more() {
		e := promrecord.RefExemplar{
			Ref: ref(base + uint64(f.varint())), T: start + f.varint(), V: math.Float64frombits(f.uint64()),
		}
		if f.labels(b); f.bad {
			break
		}
		e.Labels = b.Labels()
		if err := add(e); err != nil {
			return err
		}
	}
	return f.err()
}
