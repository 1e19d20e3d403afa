package overview

import (
	"encoding/binary"
	"errors"
	"math"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"
)

// errDamaged says that bytes hold no track.
var errDamaged = errors.New("the bytes hold no track")

// maxEncoded is the most bytes of a track that is not compressed.
const maxEncoded = 64 << 20

// maxTime bounds times and lengths, so that sums do not overflow.
const maxTime = 1 << 60

// packer and unpacker compress tracks. Several goroutines use them.
var (
	packer = sync.OnceValue(func() *zstd.Encoder {
		w, _ := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1)) // the options are right
		return w
	})
	unpacker = sync.OnceValue(func() *zstd.Decoder {
		r, _ := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(maxEncoded)) // the options are right
		return r
	})
)

// encode returns the binary form of a track, compressed.
func (t *Track) encode() []byte { return packer().EncodeAll(t.raw(), nil) }

// raw returns the binary form: numbers as varints, cells in two bytes.
func (t *Track) raw() []byte {
	b := binary.AppendVarint(nil, t.Cell)
	for _, n := range []int64{t.Start, t.First, t.Last, int64(t.Window)} {
		b = binary.AppendVarint(b, n)
	}
	b = appendText(b, t.Host)
	b = binary.AppendUvarint(b, uint64(len(t.Covered)))
	for _, s := range t.Covered {
		b = binary.AppendVarint(binary.AppendVarint(b, s.From), s.To)
	}
	b = binary.AppendUvarint(b, uint64(len(t.Marks)))
	for _, m := range t.Marks {
		b = binary.AppendVarint(b, m)
	}
	b = binary.AppendUvarint(b, uint64(len(t.seen)))
	for _, p := range t.seen {
		b = append(b, byte(p))
	}
	b = binary.AppendUvarint(b, uint64(len(t.names)))
	for _, name := range t.names {
		b = appendText(b, name)
	}
	b = binary.AppendUvarint(b, uint64(len(t.columns)))
	for _, c := range t.columns {
		b = appendWords(appendWords(b, c.values), c.instances)
		unfit := byte(0)
		if c.unfit {
			unfit = 1
		}
		b = append(b, unfit)
	}
	return b
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendWords(b []byte, all []uint16) []byte {
	b = binary.AppendUvarint(b, uint64(len(all)))
	for _, w := range all {
		b = binary.LittleEndian.AppendUint16(b, w)
	}
	return b
}

// decodeTrack reads the output of encode. It belongs to the table if the numbers of rules
// and metrics are its.
func decodeTrack(packed []byte, table *Table) (*Track, error) {
	raw, err := unpacker().DecodeAll(packed, nil)
	if err != nil {
		return nil, err
	}
	t, err := decodeRaw(raw)
	if err == nil && (len(t.seen) != len(table.names) || len(t.columns) != len(table.Rules)+len(table.Beside)) {
		return nil, errDamaged
	}
	return t, err
}

// decodeRaw reads the output of raw.
func decodeRaw(raw []byte) (*Track, error) {
	d := decoder{b: raw}
	t := &Track{Cell: d.int(), Start: d.int(), First: d.int(), Last: d.int(), Window: time.Duration(d.int()), Host: d.text()}
	for range d.count(2) {
		t.Covered = append(t.Covered, Span{d.int(), d.int()})
	}
	for range d.count(1) {
		t.Marks = append(t.Marks, d.int())
	}
	for range d.count(1) {
		t.seen = append(t.seen, presence(d.byte()))
	}
	for range d.count(1) {
		t.names = append(t.names, d.text())
	}
	for range d.count(3) {
		t.columns = append(t.columns, column{d.words(), d.words(), d.byte() == 1})
	}
	if d.bad || len(d.b) > 0 || t.Cell <= 0 || t.Cell > maxTime || t.Start < -maxTime || t.Start > maxTime {
		return nil, errDamaged
	}
	return t, nil
}

// decoder reads numbers and texts. It notes that something was wrong.
type decoder struct {
	b   []byte
	bad bool
}

func (d *decoder) int() int64 {
	v, n := binary.Varint(d.b)
	return v * int64(d.skip(n))
}

func (d *decoder) uint() uint64 {
	v, n := binary.Uvarint(d.b)
	return v * uint64(d.skip(n))
}

// skip passes over n bytes. It returns 1, or 0 if there are not as many.
func (d *decoder) skip(n int) int {
	if n <= 0 || n > len(d.b) {
		d.bad, d.b = true, nil
		return 0
	}
	d.b = d.b[n:]
	return 1
}

func (d *decoder) byte() byte {
	if len(d.b) == 0 {
		d.bad = true
		return 0
	}
	v := d.b[0]
	d.b = d.b[1:]
	return v
}

// count returns the number of elements of a list, each of at least size bytes.
func (d *decoder) count(size int) int {
	n := d.uint()
	if n > uint64(len(d.b)/size) || n > math.MaxInt32 {
		d.bad, d.b = true, nil
		return 0
	}
	return int(n)
}

func (d *decoder) text() string {
	n := d.count(1)
	s := string(d.b[:n])
	d.b = d.b[n:]
	return s
}

func (d *decoder) words() []uint16 {
	n := d.count(2)
	if n == 0 {
		return nil
	}
	if n > maxCells {
		d.bad, d.b = true, nil
		return nil
	}
	all := make([]uint16, n)
	for i := range all {
		all[i] = binary.LittleEndian.Uint16(d.b[2*i:])
	}
	d.b = d.b[2*n:]
	return all
}
