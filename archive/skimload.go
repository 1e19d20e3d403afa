package archive

import (
	"encoding/binary"
	"slices"
)

// extract appends the values of a payload to words if the payload has the shape, whose
// values must all be numbers. Several goroutines may call it.
func (s *shape) extract(payload []byte, words []uint64) (_ []uint64, ok bool) {
	if !s.fits(payload) {
		return words, false
	}
	all := words
	for i := range s.words {
		all = append(all, uint64(binary.BigEndian.Uint32(payload[s.words[i].off:])))
	}
	for i := range s.doubles {
		b := payload[s.doubles[i].off:][:12]
		if binary.BigEndian.Uint32(b) != s.doubles[i].head {
			return words, false
		}
		all = append(all, binary.BigEndian.Uint64(b[4:]))
	}
	for i := range s.halves {
		b := payload[s.halves[i].off:][:8]
		if binary.BigEndian.Uint32(b) != s.halves[i].head {
			return words, false
		}
		all = append(all, uint64(binary.BigEndian.Uint32(b[4:])))
	}
	return all, true
}

// put loads values that extract has found.
func (s *shape) put(words []uint64) {
	for _, slots := range [][]slot{s.words, s.doubles, s.halves} {
		for i := range slots {
			*slots[i].bits = words[i]
		}
		words = words[len(slots):]
	}
}

// take says that others have found a record of a shape. It returns false if the shape is
// not kept any more.
func (c *shapes) take(s *shape) bool {
	i := slices.Index(c.all, s)
	if i >= 0 {
		c.use(i)
	}
	return i >= 0
}

// numeric returns those of the shapes whose values are numbers and whose kind is known.
func (c *shapes) numeric() (all []*shape) {
	for _, s := range c.all {
		if s.kind != nil && len(s.datas) == 0 {
			all = append(all, s)
		}
	}
	return all
}
