package labelset

import (
	"slices"
	"strconv"

	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/pcp"
)

// Instance is an entry of a label record: a set of labels, or an error code in
// its place, and the instance it belongs to.
type Instance struct {
	Inst pcp.InstID // InstNull at every level but Instances
	Err  pcp.Errno  // negative when the writer could not obtain the labels
	Set  Set
}

// DecodeInstance decodes the entry of a label record at the start of b and
// returns its length in bytes. An error is a *[pcp.FormatError].
func DecodeInstance(b []byte, level Level) (in Instance, size int, err error) {
	d := wire.NewDec(pcp.KindLabels, b)
	in.Inst = pcp.InstID(d.I32())
	length := d.I32()
	if d.Err() == nil && (length < 0 || length > MaxJSON) {
		d.FailAt(d.Offset()-4, "JSON length", strconv.Itoa(int(length)), pcp.ErrRange)
	}
	text := string(d.Bytes(int(length)))
	count := int(d.I32())
	if count > MaxLabels {
		d.FailAt(d.Offset()-4, "label count", strconv.Itoa(count), pcp.ErrRange)
	}
	switch {
	case d.Err() != nil: // a damaged count must not drive the loop
		return in, d.Offset(), d.Err()
	case count <= 0:
		in.Err = pcp.Errno(count)
		if text != "" {
			in.Set = Set{&contents{json: text}}
		}
		return in, d.Offset(), nil
	}
	stored := make([]entry, 0, min(count, d.Len()/8))
	for range count {
		stored = append(stored, entry{d.U16(), d.U8(), d.U8(), d.U16(), d.U16()})
	}
	if d.Err() == nil {
		in.Set = fromStored(text, stored, level)
	}
	return in, d.Offset(), d.Err()
}

// fromStored takes the labels from the JSON, because some writers store wrong
// slices, and the flags from the slices.
func fromStored(text string, stored []entry, level Level) Set {
	s, err := Parse(text, level)
	if err != nil {
		return Set{&contents{json: text, index: inside(text, stored), odd: &odd{stored: stored, invalid: err}}}
	}
	if s.c == nil {
		s.c = &contents{}
	}
	c := s.c
	c.json = text
	for i := range c.index {
		e := &c.index[i]
		if j := slices.IndexFunc(stored, func(o entry) bool { return o.nameOff == e.nameOff }); j >= 0 {
			e.flags = stored[j].flags
		}
	}
	if !slices.Equal(c.index, stored) {
		if c.odd == nil {
			c.odd = &odd{}
		}
		c.odd.stored = stored
	}
	return s
}

// inside returns the entries whose slices lie inside the text.
func inside(text string, stored []entry) []entry {
	var kept []entry
	for _, e := range stored {
		if int(e.nameOff)+int(e.nameLen) <= len(text) && int(e.valueOff)+int(e.valueLen) <= len(text) {
			kept = append(kept, e)
		}
	}
	return kept
}

// AppendBinary appends the entry in the form of a label record.
func (in Instance) AppendBinary(b []byte) []byte {
	b = wire.AppendU32(b, uint32(in.Inst))
	text := in.Set.JSON()
	b = wire.AppendU32(b, uint32(len(text)))
	b = append(b, text...)
	entries := in.Set.onDisk()
	if len(entries) == 0 {
		return wire.AppendU32(b, uint32(in.Err))
	}
	b = wire.AppendU32(b, uint32(len(entries)))
	for _, e := range entries {
		b = wire.AppendU16(b, e.nameOff)
		b = append(b, e.nameLen, e.flags)
		b = wire.AppendU16(b, e.valueOff)
		b = wire.AppendU16(b, e.valueLen)
	}
	return b
}
