// Package varcodec writes and reads the values of cache entries and journals: numbers as
// varints, texts and lists after their length.
package varcodec

import "encoding/binary"

// Encoder appends values to B.
type Encoder struct{ B []byte }

// Uint appends a number.
func (e *Encoder) Uint(v uint64) { e.B = binary.AppendUvarint(e.B, v) }

// Int appends a number that may be negative.
func (e *Encoder) Int(v int64) { e.B = binary.AppendVarint(e.B, v) }

// Byte appends a byte.
func (e *Encoder) Byte(v byte) { e.B = append(e.B, v) }

// Bool appends a byte, 1 or 0.
func (e *Encoder) Bool(v bool) {
	if v {
		e.Byte(1)
		return
	}
	e.Byte(0)
}

// Text appends a text after its length.
func (e *Encoder) Text(s string) { e.B = AppendText(e.B, s) }

// AppendText appends a text after its length.
func AppendText[T string | []byte](b []byte, text T) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

// Decoder takes values from B. After the first fault, which sets Bad, all values are zero.
type Decoder struct {
	B   []byte
	Bad bool
	all string // the content from which B is taken; "" if texts have memory of their own
}

// NewSharing returns a Decoder whose texts share the memory of one copy of b.
func NewSharing(b []byte) Decoder { return Decoder{B: b, all: string(b)} }

// Fail notes a fault.
func (d *Decoder) Fail() { d.Bad, d.B = true, nil }

// Whole reports whether there was no fault and no bytes are left.
func (d *Decoder) Whole() bool { return !d.Bad && len(d.B) == 0 }

// Uint takes a number.
func (d *Decoder) Uint() uint64 { return varint(d, binary.Uvarint) }

// Int takes a number that may be negative.
func (d *Decoder) Int() int64 { return varint(d, binary.Varint) }

// varint takes a number that read decodes.
func varint[T uint64 | int64](d *Decoder, read func([]byte) (T, int)) T {
	v, n := read(d.B)
	if n <= 0 {
		d.Fail()
		return 0
	}
	d.B = d.B[n:]
	return v
}

// Take returns the next n bytes, which share the memory of B. It returns nil if fewer are
// left.
func (d *Decoder) Take(n uint64) []byte {
	if n > uint64(len(d.B)) {
		d.Fail()
		return nil
	}
	v := d.B[:n]
	d.B = d.B[n:]
	return v
}

// Byte takes a byte.
func (d *Decoder) Byte() byte {
	if v := d.Take(1); v != nil {
		return v[0]
	}
	return 0
}

// Bool takes a byte and reports whether it is not 0.
func (d *Decoder) Bool() bool { return d.Byte() != 0 }

// Bytes takes bytes that are stored after their length. They share the memory of B.
func (d *Decoder) Bytes() []byte { return d.Take(d.Uint()) }

// Text takes a text that is stored after its length.
func (d *Decoder) Text() string {
	v := d.Bytes()
	if d.all == "" {
		return string(v)
	}
	end := len(d.all) - len(d.B)
	return d.all[end-len(v) : end]
}

// Count returns how many things follow that take at least size bytes each.
func (d *Decoder) Count(size int) int {
	n := d.Uint()
	if n > uint64(len(d.B)/size) {
		d.Fail()
		return 0
	}
	return int(n)
}
