package archive

import (
	"encoding/binary"
	"slices"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

// shape describes records of one logging group, in which usually only the time
// and the values change. A record with a known shape is decoded by comparing
// its fixed parts and loading the values from known offsets.
type shape struct {
	size    int    // length of the payload
	start   int    // offset of fixed in the payload
	fixed   []byte // number of sets and all value sets of the first such payload
	runs    []run  // parts of the payload that must be equal: fixed without the values in it
	words   []slot // values in situ
	halves  []slot // blocks of 4 bytes
	doubles []slot // blocks of 8 bytes
	datas   []dataSlot

	res    Result // the record, if values are loaded into Results
	joined *joined
	kind   *recordKind // of the records, if a skimmer has found it
	memory int

	deferral
}

// run is the part of a payload between two offsets.
type run struct{ from, to uint32 }

// slot says where a number is stored and where it is loaded to. The number is
// at off or, if head is not zero, in a block at off with the header head.
type slot struct {
	bits *uint64
	off  uint32
	head uint32
}

// dataSlot says where a value that is not a number is stored and where it is
// loaded to.
type dataSlot struct {
	data *[]byte
	off  uint32
	head uint32
}

// load loads the values of a payload if the payload has the shape.
func (s *shape) load(payload []byte) bool {
	if !s.fits(payload) {
		return false
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

// fits reports whether a payload has the length of the shape and the same value sets.
func (s *shape) fits(payload []byte) bool {
	if len(payload) != s.size {
		return false
	}
	for _, r := range s.runs {
		if string(payload[r.from:r.to]) != string(s.fixed[int(r.from)-s.start:int(r.to)-s.start]) {
			return false
		}
	}
	return true
}

// newShape returns the shape of a payload that was decoded to res. place
// returns the destination of the i-th selected value, which must remain valid.
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

// slot records the location of a value whose instance and word are at offset
// at.
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

// shapes holds the most recently used shapes.
type shapes struct {
	all    []*shape // most recently used first
	missed [16]int  // sizes of recent payloads that matched no shape
	at     int      // index in missed to replace next
	hits   int
	made   int
	memory int
}

// Limits of the shapes kept.
const (
	maxShapes      = 32
	maxShapeMemory = 16 << 20
)

// find loads a payload into the matching shape. It returns nil if no shape matches.
func (c *shapes) find(payload []byte) *shape {
	for i, s := range c.all {
		if len(payload) == s.size && s.load(payload) {
			return c.use(i)
		}
	}
	return nil
}

// use counts a payload that matches a shape.
func (c *shapes) use(i int) *shape {
	s := c.all[i]
	copy(c.all[1:i+1], c.all[:i])
	c.all[0] = s
	c.hits++
	return s
}

// worth reports whether to make a shape of a payload that matches none. It does
// if a payload of that size was seen recently and shapes have been useful so
// far.
func (c *shapes) worth(size int) bool {
	if slices.Contains(c.missed[:], size) {
		return c.made < 16+c.hits/4
	}
	c.missed[c.at] = size
	c.at = (c.at + 1) % len(c.missed)
	return false
}

// add adds a shape and drops the least recently used ones to make space.
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

// drop removes a shape.
func (c *shapes) drop(s *shape) {
	if i := slices.Index(c.all, s); i >= 0 {
		c.memory -= s.memory
		c.all = slices.Delete(c.all, i, i+1)
	}
}
