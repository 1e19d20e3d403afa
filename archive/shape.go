package archive

import (
	"encoding/binary"
	"slices"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

// shape is what a record has in common with others of its logging group: all
// but the time and the values, which nearly always is the same from record to
// record. A record that has it is decoded by comparing that and fetching the
// values from where they are known to be.
type shape struct {
	size    int    // of the payload
	start   int    // where fixed begins in it
	fixed   []byte // number of sets and value sets, as met
	runs    []run  // parts of the payload that must be the same: fixed without the values in it
	words   []slot // values in situ
	halves  []slot // blocks of 4 bytes
	doubles []slot // blocks of 8 bytes
	datas   []dataSlot

	res    Result // the record, where values are loaded into Results
	joined *joined
	memory int
}

// run is a part of a payload.
type run struct{ from, to uint32 }

// slot is where a number stands in the payload, at off, or its block with the
// given header, and where it goes.
type slot struct {
	bits *uint64
	off  uint32
	head uint32
}

// dataSlot is the same of a value that is not a number.
type dataSlot struct {
	data *[]byte
	off  uint32
	head uint32
}

// load fetches the values of a payload if it has the shape.
func (s *shape) load(payload []byte) bool {
	if len(payload) != s.size {
		return false
	}
	for _, r := range s.runs {
		if string(payload[r.from:r.to]) != string(s.fixed[int(r.from)-s.start:int(r.to)-s.start]) {
			return false
		}
	}
	for i := range s.words {
		w := &s.words[i]
		*w.bits = uint64(binary.BigEndian.Uint32(payload[w.off:]))
	}
	for i := range s.doubles {
		w := &s.doubles[i]
		b := payload[w.off:][:12]
		if binary.BigEndian.Uint32(b) != w.head {
			return false
		}
		*w.bits = binary.BigEndian.Uint64(b[4:])
	}
	for i := range s.halves {
		w := &s.halves[i]
		b := payload[w.off:][:8]
		if binary.BigEndian.Uint32(b) != w.head {
			return false
		}
		*w.bits = uint64(binary.BigEndian.Uint32(b[4:]))
	}
	for i := range s.datas {
		w := &s.datas[i]
		b := payload[w.off:]
		if binary.BigEndian.Uint32(b) != w.head {
			return false
		}
		end := w.head & 0xffffff
		*w.data = b[4:end:end]
	}
	return true
}

// newShape returns the shape of a payload that was decoded to res. place returns
// where the values go: that of the i-th of all wanted ones. The caller keeps
// them.
func newShape(payload []byte, start int, res *Result, place func(i int) *history.Value) *shape {
	s := &shape{size: len(payload), start: start}
	word := func(at int) uint32 { return binary.BigEndian.Uint32(payload[at:]) }
	n, at, from := int(word(start)), start+4, start
	set, value := 0, 0
	for range n {
		wanted := set < len(res.Sets) && res.Sets[set].PMID == pcp.PMID(word(at))
		count := int(int32(word(at + 4)))
		at += 8
		if wanted {
			set++
		}
		if count <= 0 {
			continue
		}
		format := Format(word(at))
		for at += 4; count > 0; count-- {
			if format == InSitu {
				s.runs = append(s.runs, run{uint32(from), uint32(at + 4)})
				from = at + 8
			}
			if wanted {
				s.slot(payload, format, at, place(value))
				value++
			}
			at += 8
		}
	}
	if from < at {
		s.runs = append(s.runs, run{uint32(from), uint32(at)})
	}
	s.fixed = slices.Clone(payload[start:at])
	s.memory = len(s.fixed) + 8*cap(s.runs) + 16*(cap(s.words)+cap(s.halves)+cap(s.doubles)+cap(s.datas))
	return s
}

// slot notes where the value is whose instance and word stand at at.
func (s *shape) slot(payload []byte, format Format, at int, v *history.Value) {
	if format == InSitu {
		s.words = append(s.words, slot{bits: &v.Bits, off: uint32(at + 4)})
		return
	}
	off := int(binary.BigEndian.Uint32(payload[at+4:]))*4 - payloadBias
	head := binary.BigEndian.Uint32(payload[off:])
	switch {
	case v.Data != nil:
		s.datas = append(s.datas, dataSlot{&v.Data, uint32(off), head})
	case head&0xffffff == 8:
		s.halves = append(s.halves, slot{&v.Bits, uint32(off), head})
	default:
		s.doubles = append(s.doubles, slot{&v.Bits, uint32(off), head})
	}
}

// shapes are those met last.
type shapes struct {
	all    []*shape // the one met last first
	missed [16]int  // sizes of the payloads that had none
	at     int      // of missed, to be replaced next
	hits   int
	made   int
	memory int
}

// Limits of what is kept.
const (
	maxShapes      = 32
	maxShapeMemory = 16 << 20
)

// find loads a payload into the shape that it has.
func (c *shapes) find(payload []byte) *shape {
	for i, s := range c.all {
		if len(payload) == s.size && s.load(payload) {
			copy(c.all[1:i+1], c.all[:i])
			c.all[0] = s
			c.hits++
			return s
		}
	}
	return nil
}

// worth reports whether to make a shape of a payload that has none: if one of
// that size was met not long ago and shapes have been of use so far.
func (c *shapes) worth(size int) bool {
	if slices.Contains(c.missed[:], size) {
		return c.made < 16+c.hits/4
	}
	c.missed[c.at] = size
	c.at = (c.at + 1) % len(c.missed)
	return false
}

// add keeps a shape, and drops those met longest ago that there is no room for.
func (c *shapes) add(s *shape) {
	c.made++
	c.memory += s.memory
	c.all = slices.Insert(c.all, 0, s)
	for len(c.all) > maxShapes || c.memory > maxShapeMemory {
		last := c.all[len(c.all)-1]
		c.memory -= last.memory
		c.all[len(c.all)-1] = nil
		c.all = c.all[:len(c.all)-1]
	}
}

// drop forgets a shape.
func (c *shapes) drop(s *shape) {
	if i := slices.Index(c.all, s); i >= 0 {
		c.memory -= s.memory
		c.all = slices.Delete(c.all, i, i+1)
	}
}
