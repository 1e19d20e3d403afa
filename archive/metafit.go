package archive

import (
	"encoding/binary"
	"strconv"

	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// decodeFitting decodes the payload of a metadata record for a Reader that uses it. Unless the
// Reader is strict, it rejects an instance domain whose names do not fill it one by one: a
// damaged count or offset gives instances the names of others.
func (r *Reader) decodeFitting(payload []byte) (Record, error) {
	rec, err := decodeMeta(payload, r.layout)
	if err != nil || r.opts.Strict {
		return rec, err
	}
	count, names := 0, 0
	switch rec := rec.(type) {
	case *meta.InDom:
		count = len(rec.Instances)
		for i := range rec.Instances {
			names += len(rec.Instances[i].Name) + 1
		}
	case *meta.InDomDelta:
		count = len(rec.Changes)
		for i := range rec.Changes {
			if c := &rec.Changes[i]; !c.Remove {
				names += len(c.Name) + 1
			}
		}
	default:
		return rec, nil
	}
	_, l, _ := wire.TagKind(int32(binary.BigEndian.Uint32(payload)), r.layout) // the tag may be that of another version
	head := 4 + l.StampSize + 8
	detail := ""
	switch size := head + 8*count + names; {
	case size != len(payload):
		detail = strconv.Itoa(len(payload)-4) + " bytes for contents of " + strconv.Itoa(size-4)
	case sharesName(payload[head+4*count:][:4*count]):
		detail = "two instances have one name offset"
	default:
		return rec, nil
	}
	return nil, &pcp.FormatError{Kind: rec.Kind(), Detail: detail, Err: pcp.ErrLayout}
}

// sharesName reports whether two of the name offsets are equal. Those of removed instances are
// negative.
func sharesName(offsets []byte) bool {
	at := func(i int) int32 { return int32(binary.BigEndian.Uint32(offsets[4*i:])) }
	last, ascend := int32(-1), true
	for i := range len(offsets) / 4 {
		if n := at(i); n >= 0 {
			ascend = ascend && n > last
			last = n
		}
	}
	if ascend { // as all known writers store them
		return false
	}
	seen := map[int32]bool{}
	for i := range len(offsets) / 4 {
		if n := at(i); n >= 0 && seen[n] {
			return true
		} else if n >= 0 {
			seen[n] = true
		}
	}
	return false
}
