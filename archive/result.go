package archive

import (
	"encoding/binary"
	"math"
	"slices"
	"strconv"
	"unsafe"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/pcp"
)

// Result is a record of a data volume: values of several metrics at one time.
// Its payload:
//
//	stamp | number of value sets 4 | value sets | value blocks
//	value set:   PMID 4 | number of values n 4, negative: an error
//	             if n > 0: format 4 | n values of instance 4, word 4
//	value block: type 1, length 3 (4 + content) | content | padding to 4
//
// The word is the value itself (format in situ) or the position of its block,
// in words counted from two words before the record's leading length. Blocks
// follow all value sets, in the order of their values, and fill the record.
type Result struct {
	Stamp pcp.Timestamp
	Sets  []ValueSet

	values []history.Value // memory that the sets share
}

// ValueSet holds the values of one metric in a result.
type ValueSet struct {
	PMID   pcp.PMID
	Err    pcp.Errno // if negative, the reason why Values is empty
	Format Format    // encoding of Values
	Values []history.Value
}

// Format is the encoding of the values in a value set.
type Format uint32

// The formats. The last two are equivalent: they differ only in PCP's memory
// management, and archives contain both.
const (
	InSitu Format = 0 // 32-bit integers, and floats in very old archives
	Block  Format = 1
	Static Format = 2
)

// FormatOf returns the format in which writers store values of type t.
func FormatOf(t pcp.Type) Format {
	switch t {
	case pcp.Type32, pcp.TypeU32:
		return InSitu
	case pcp.TypeAggregateStatic, pcp.TypeEvent, pcp.TypeHighResEvent:
		return Static
	}
	return Block
}

// Mark is a record that says that recording stopped and started again: a result
// without value sets.
type Mark struct{ Stamp pcp.Timestamp }

// Kind returns pcp.KindResult.
func (*Result) Kind() pcp.Kind { return pcp.KindResult }

// Kind returns pcp.KindMark.
func (*Mark) Kind() pcp.Kind { return pcp.KindMark }

// IsMark reports whether r was read from a mark.
func (r *Result) IsMark() bool { return len(r.Sets) == 0 }

// resultDecoder decodes results into memory that it reuses.
type resultDecoder struct {
	layout *wire.Layout
	want   func(pcp.PMID) bool // selects metrics; nil selects all
	res    Result
	whole  bool // res holds the values of every set of the record
	mark   bool // the record has no value set
	shapes shapes
}

// decode decodes a payload. The Result is valid until the next call. Its values
// share memory with payload and must not be changed. It lacks the sets that
// want rejects.
func (rd *resultDecoder) decode(payload []byte) (*Result, error) {
	if s := rd.shapes.find(payload); s != nil {
		d := wire.NewDec(pcp.KindResult, payload)
		rd.mark = false
		rd.res.Stamp = rd.layout.Stamp(&d)
		rd.res.Sets = append(rd.res.Sets[:0], s.res.Sets...)
		return &rd.res, nil
	}
	r, err := rd.decodeAny(payload)
	if err == nil && !rd.mark && rd.shapes.worth(len(payload)) {
		own := Result{Sets: slices.Clone(r.Sets), values: slices.Clone(r.values)}
		own.share()
		s := newShape(payload, rd.layout.StampSize, r, func(i int) *history.Value { return &own.values[i] })
		s.res = own
		s.memory += int(unsafe.Sizeof(ValueSet{}))*len(own.Sets) + int(unsafe.Sizeof(history.Value{}))*len(own.values)
		rd.shapes.add(s)
	}
	return r, err
}

// share distributes r.values to the sets.
func (r *Result) share() {
	at := 0
	for i := range r.Sets {
		s := &r.Sets[i]
		end := at + len(s.Values)
		s.Values = r.values[at:end:end]
		at = end
	}
}

// decodeAny decodes a payload that matches no known shape.
func (rd *resultDecoder) decodeAny(payload []byte) (*Result, error) {
	d := wire.NewDec(pcp.KindResult, payload)
	r := &rd.res
	r.Stamp = rd.layout.Stamp(&d)
	r.Sets, r.values = r.Sets[:0], r.values[:0]
	n := d.Count("number of metrics", 8)
	rd.whole, rd.mark = true, n == 0
	for range n {
		rd.valueSet(&d)
	}
	if d.Err() == nil {
		rd.blocks(&d, payload)
	}
	if d.Err() == nil && n == 0 && d.Len() > 0 {
		d.Fail("mark", strconv.Itoa(d.Len())+" bytes too long", pcp.ErrLayout)
	}
	if err := d.Err(); err != nil {
		return nil, err
	}
	r.share() // r.values does not grow any more
	return r, nil
}

// valueSet decodes a value set. It leaves block references in Bits.
func (rd *resultDecoder) valueSet(d *wire.Dec) {
	r := &rd.res
	s := ValueSet{PMID: pcp.PMID(d.U32())}
	n := int(d.I32())
	wanted := rd.want == nil || rd.want(s.PMID)
	if n <= 0 {
		s.Err = pcp.Errno(n)
		if wanted {
			r.Sets = append(r.Sets, s)
		}
		return
	}
	s.Format = Format(d.U32())
	if s.Format > Static {
		d.FailAt(d.Offset()-4, "value format", strconv.Itoa(int(s.Format)), pcp.ErrRange)
	}
	if n > d.Len()/8 {
		d.FailAt(d.Offset()-8, "number of values", strconv.Itoa(n)+" exceeds record", pcp.ErrRange)
	}
	if d.Err() != nil {
		return
	}
	words := d.Bytes(8 * n)
	if !wanted {
		rd.whole = false
		return
	}
	start := len(r.values)
	r.values = slices.Grow(r.values, n)[:start+n]
	s.Values = r.values[start:]
	for i := range s.Values {
		w := words[8*i : 8*i+8]
		s.Values[i] = history.Value{Inst: pcp.InstID(binary.BigEndian.Uint32(w)), Type: pcp.TypeUnknown, Bits: uint64(binary.BigEndian.Uint32(w[4:]))}
	}
	r.Sets = append(r.Sets, s)
}

// payloadBias is the position of the payload in bytes as counted by block
// references, which start two words before the leading length.
const payloadBias = 3 * 4

// blocks resolves the block references. Blocks must lie between the value sets
// and the end of the record and, unless want is set, fill that space.
func (rd *resultDecoder) blocks(d *wire.Dec, payload []byte) {
	r := &rd.res
	// used is 64 bits wide: damaged references may count one long block many
	// times.
	first, used, lowest := d.Offset(), int64(0), len(payload)
	at := 0
	for i := range r.Sets {
		s := &r.Sets[i]
		values := r.values[at : at+len(s.Values)]
		at += len(s.Values)
		if s.Format == InSitu {
			continue
		}
		for j := range values {
			v := &values[j]
			off := int64(v.Bits)*4 - payloadBias
			if off < int64(first) || off+4 > int64(len(payload)) {
				d.Fail("value block", s.PMID.String()+": outside the record", pcp.ErrRange)
				return
			}
			block := payload[off:]
			header := binary.BigEndian.Uint32(block)
			size := int(header & 0xffffff)
			if size < 4 || size > len(block) {
				d.FailAt(int(off), "value block", s.PMID.String()+": length "+strconv.Itoa(size), pcp.ErrTruncated)
				return
			}
			decodeBlock(v, header, block[4:size:size])
			used += int64(size+3) &^ 3
			lowest = min(lowest, int(off))
		}
	}
	if rd.whole && (used != int64(d.Len()) || used > 0 && lowest != first) {
		d.Fail("value blocks", strconv.FormatInt(used, 10)+" of "+strconv.Itoa(d.Len())+" bytes", pcp.ErrLayout)
		return
	}
	d.Skip(d.Len())
}

// appendResult appends r as a framed record. r must have passed check.
func appendResult(b []byte, l *wire.Layout, r *Result) []byte {
	b, start := wire.BeginFrame(b)
	b = l.AppendStamp(b, r.Stamp)
	b = wire.AppendU32(b, uint32(len(r.Sets)))
	// Write sets at head and append blocks behind all sets, in a single pass.
	head, size := len(b), 0
	for i := range r.Sets {
		size += 8
		if n := len(r.Sets[i].Values); n > 0 {
			size += 4 + 8*n
		}
	}
	b = slices.Grow(b, size)[:head+size]
	for i := range r.Sets {
		b, head = appendValueSet(b, start, head, &r.Sets[i])
	}
	return wire.EndFrame(b, start)
}

// appendValueSet writes a set at head of the record that begins at start,
// appends its blocks, and returns the position of the next set.
func appendValueSet(b []byte, start, head int, s *ValueSet) ([]byte, int) {
	binary.BigEndian.PutUint32(b[head:], uint32(s.PMID))
	n := len(s.Values)
	if n == 0 {
		binary.BigEndian.PutUint32(b[head+4:], uint32(s.Err))
		return b, head + 8
	}
	binary.BigEndian.PutUint32(b[head+4:], uint32(n))
	binary.BigEndian.PutUint32(b[head+8:], uint32(s.Format))
	head += 12
	if s.Format == InSitu {
		words := b[head : head+8*n]
		for j := range s.Values {
			v := &s.Values[j]
			binary.BigEndian.PutUint64(words[8*j:], uint64(v.Inst)<<32|v.Bits&math.MaxUint32)
		}
		return b, head + 8*n
	}
	b = slices.Grow(b, 12*n) // enough for numbers
	for j := range s.Values {
		v := &s.Values[j]
		at := 8 + len(b) - start // references count from two words before the record
		binary.BigEndian.PutUint64(b[head:], uint64(v.Inst)<<32|uint64(uint32(at/4)))
		head += 8
		b = appendBlock(b, v)
	}
	return b, head
}
