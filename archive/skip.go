package archive

import (
	"encoding/binary"
	"slices"

	"github.com/pcparchive/pcparchive/pcp"
)

// idFilter recognizes the records that hold none of some metrics.
type idFilter struct {
	ids  []pcp.PMID // ascending
	only pcp.PMID   // the single identifier, if there is one
	bits [8]uint64  // of each identifier's hash; most others are refused by them
}

// newIDFilter returns nil if ids is nil.
func newIDFilter(ids []pcp.PMID) *idFilter {
	if ids == nil {
		return nil
	}
	f := &idFilter{ids: slices.Sorted(slices.Values(ids))}
	for _, id := range f.ids {
		h := hashID(id)
		f.bits[h>>6] |= 1 << (h & 63)
	}
	if len(f.ids) == 1 {
		f.only = f.ids[0]
	}
	return f
}

// hashID returns nine bits.
func hashID(id pcp.PMID) uint32 { return uint32(id) * 0x9e3779b1 >> 23 }

func (f *idFilter) has(id pcp.PMID) bool {
	if len(f.ids) == 1 {
		return id == f.only
	}
	return f.among(id)
}

// among is has for several identifiers.
func (f *idFilter) among(id pcp.PMID) bool {
	h := hashID(id)
	if f.bits[h>>6]>>(h&63)&1 == 0 {
		return false
	}
	_, ok := slices.BinarySearch(f.ids, id)
	return ok
}

// lacks reports whether a payload is that of a good record without the metrics. It
// returns false if that takes decoding. The sets begin at offset at.
func (f *idFilter) lacks(payload []byte, at int) bool {
	if len(payload) < at+4 {
		return false
	}
	n, values := int32(binary.BigEndian.Uint32(payload[at:])), false
	for rest := payload[at+4:]; n > 0; n-- {
		if len(rest) < 8 || f.has(pcp.PMID(binary.BigEndian.Uint32(rest))) {
			return false
		}
		count := int64(int32(binary.BigEndian.Uint32(rest[4:])))
		rest = rest[8:]
		if count <= 0 {
			continue
		}
		size := 4 + 8*count
		if size > int64(len(rest)) || Format(binary.BigEndian.Uint32(rest)) > Static {
			return false
		}
		rest, values = rest[size:], true
	}
	return values
}
