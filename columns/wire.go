package columns

import (
	"encoding/binary"
	"errors"
	"hash/crc32"

	"github.com/pcparchive/pcparchive/pcp"
)

// errFormat says that bytes do not have the format of this package.
var errFormat = errors.New("its content is damaged")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func checksum(b []byte) uint32 { return crc32.Checksum(b, castagnoli) }

// encoder appends values to bytes.
type encoder struct{ b []byte }

func (e *encoder) uint(v uint64) { e.b = binary.AppendUvarint(e.b, v) }
func (e *encoder) int(v int64)   { e.b = binary.AppendVarint(e.b, v) }
func (e *encoder) byte(v byte)   { e.b = append(e.b, v) }
func (e *encoder) sum(v uint32)  { e.b = binary.LittleEndian.AppendUint32(e.b, v) }

func (e *encoder) bool(v bool) {
	if v {
		e.byte(1)
		return
	}
	e.byte(0)
}

func (e *encoder) text(s string) {
	e.uint(uint64(len(s)))
	e.b = append(e.b, s...)
}

func (e *encoder) stamp(t pcp.Timestamp) {
	e.int(t.Sec)
	e.int(int64(t.Nsec))
}

// decoder takes values from bytes. After the first fault all values are zero.
type decoder struct {
	b   []byte
	bad bool
}

// fail notes a fault.
func (d *decoder) fail() { d.bad, d.b = true, nil }

// err returns an error if there was a fault or bytes are left.
func (d *decoder) err() error {
	if d.bad || len(d.b) > 0 {
		return errFormat
	}
	return nil
}

func (d *decoder) uint() uint64 { return varint(d, binary.Uvarint) }
func (d *decoder) int() int64   { return varint(d, binary.Varint) }

// varint takes a number that read decodes.
func varint[T uint64 | int64](d *decoder, read func([]byte) (T, int)) T {
	v, n := read(d.b)
	if n <= 0 {
		d.fail()
		return 0
	}
	d.b = d.b[n:]
	return v
}

// take returns the next n bytes, which share the decoder's memory. It returns nil if fewer
// are left.
func (d *decoder) take(n uint64) []byte {
	if n > uint64(len(d.b)) {
		d.fail()
		return nil
	}
	v := d.b[:n]
	d.b = d.b[n:]
	return v
}

func (d *decoder) byte() byte {
	if v := d.take(1); v != nil {
		return v[0]
	}
	return 0
}

func (d *decoder) bool() bool { return d.byte() != 0 }

func (d *decoder) sum() uint32 {
	if v := d.take(4); v != nil {
		return binary.LittleEndian.Uint32(v)
	}
	return 0
}

// bytes returns bytes that are stored with their length. They share the decoder's memory.
func (d *decoder) bytes() []byte { return d.take(d.uint()) }

func (d *decoder) text() string { return string(d.bytes()) }

// count returns how many things follow that take at least size bytes each.
func (d *decoder) count(size int) int {
	n := d.uint()
	if n > uint64(len(d.b)/size) {
		d.fail()
		return 0
	}
	return int(n)
}

func (d *decoder) stamp() pcp.Timestamp {
	t := pcp.Timestamp{Sec: d.int()}
	t.Nsec = int32(d.int())
	return t
}
