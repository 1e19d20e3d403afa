package prom

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"

	"github.com/pcparchive/pcparchive/internal/varcodec"
)

// Exemplar points from a sample to an example of an event that it counts, such as a
// trace.
type Exemplar struct {
	Labels []Label // sorted by name, none empty
	Value  float64
	// Time is in milliseconds since 1970. It counts only if HasTime is set.
	Time    int64
	HasTime bool
}

// Equal reports whether two exemplars have the same value, time and labels. NaN
// equals NaN.
func (e *Exemplar) Equal(o *Exemplar) bool {
	return math.Float64bits(e.Value) == math.Float64bits(o.Value) && e.HasTime == o.HasTime &&
		(!e.HasTime || e.Time == o.Time) && slices.Equal(e.Labels, o.Labels)
}

// AppendBinary appends the exemplar in a form for temporary files, which only
// this package reads:
//
//	8  value, a little-endian float64
//	1  1 if the exemplar has a time, else 0
//	8  time in milliseconds, little-endian
//	…  for each label: the name and the value, each as uvarint length and bytes
//
// The error is always nil.
func (e *Exemplar) AppendBinary(b []byte) ([]byte, error) {
	b = binary.LittleEndian.AppendUint64(b, math.Float64bits(e.Value))
	timed := byte(0)
	if e.HasTime {
		timed = 1
	}
	b = binary.LittleEndian.AppendUint64(append(b, timed), uint64(e.Time))
	for _, l := range e.Labels {
		for _, text := range []string{l.Name, l.Value} {
			b = varcodec.AppendText(b, text)
		}
	}
	return b, nil
}

var errExemplar = errors.New("prom: bytes do not hold an exemplar")

// UnmarshalBinary reads the form that AppendBinary writes. It copies b.
func (e *Exemplar) UnmarshalBinary(b []byte) error {
	const head = 17
	if len(b) < head {
		return errExemplar
	}
	*e = Exemplar{
		Value:   math.Float64frombits(binary.LittleEndian.Uint64(b)),
		HasTime: b[8] != 0, Time: int64(binary.LittleEndian.Uint64(b[9:])),
	}
	b = b[head:]
	text := func() (string, bool) {
		size, n := binary.Uvarint(b)
		if n <= 0 || size > uint64(len(b)-n) {
			return "", false
		}
		s := string(b[n : n+int(size)])
		b = b[n+int(size):]
		return s, true
	}
	for len(b) > 0 {
		name, _ := text()
		value, ok := text()
		if !ok {
			return errExemplar
		}
		e.Labels = append(e.Labels, Label{name, value})
	}
	return nil
}
