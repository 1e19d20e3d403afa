package overview

import (
	"encoding/binary"
	"errors"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/internal/varcodec"
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
	var e encoder
	for _, n := range []int64{t.Cell, t.Start, t.First, t.Last, int64(t.Window)} {
		e.Int(n)
	}
	e.Uint(uint64(len(t.Target)))
	for _, l := range t.Target {
		e.Text(l.Name)
		e.Text(l.Value)
	}
	e.Uint(uint64(len(t.Covered)))
	for _, s := range t.Covered {
		e.Int(s.From)
		e.Int(s.To)
	}
	e.Uint(uint64(len(t.Marks)))
	for _, m := range t.Marks {
		e.Int(m)
	}
	e.Uint(uint64(len(t.seen)))
	for _, p := range t.seen {
		e.Byte(byte(p))
	}
	e.Uint(uint64(len(t.names)))
	for _, name := range t.names {
		e.Text(name)
	}
	e.Uint(uint64(len(t.columns)))
	for _, c := range t.columns {
		e.words(c.values)
		e.words(c.instances)
		e.Bool(c.unfit)
	}
	return e.B
}

// encoder appends the parts of a track.
type encoder struct{ varcodec.Encoder }

func (e *encoder) words(all []uint16) {
	e.Uint(uint64(len(all)))
	for _, w := range all {
		e.B = binary.LittleEndian.AppendUint16(e.B, w)
	}
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
	d := decoder{varcodec.Decoder{B: raw}}
	t := &Track{Cell: d.Int(), Start: d.Int(), First: d.Int(), Last: d.Int(), Window: time.Duration(d.Int())}
	for range d.Count(2) {
		t.Target = append(t.Target, prom.Label{Name: d.Text(), Value: d.Text()})
	}
	for range d.Count(2) {
		t.Covered = append(t.Covered, Span{d.Int(), d.Int()})
	}
	for range d.Count(1) {
		t.Marks = append(t.Marks, d.Int())
	}
	for range d.Count(1) {
		t.seen = append(t.seen, presence(d.Byte()))
	}
	for range d.Count(1) {
		t.names = append(t.names, d.Text())
	}
	for range d.Count(3) {
		t.columns = append(t.columns, column{d.words(), d.words(), d.Byte() == 1})
	}
	if !d.Whole() || t.Cell <= 0 || t.Cell > maxTime || t.Start < -maxTime || t.Start > maxTime {
		return nil, errDamaged
	}
	return t, nil
}

// decoder takes the parts of a track.
type decoder struct{ varcodec.Decoder }

func (d *decoder) words() []uint16 {
	n := d.Count(2)
	if n == 0 {
		return nil
	}
	if n > maxCells {
		d.Fail()
		return nil
	}
	all := make([]uint16, n)
	for i := range all {
		all[i] = binary.LittleEndian.Uint16(d.B[2*i:])
	}
	d.B = d.B[2*n:]
	return all
}
