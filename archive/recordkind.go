package archive

import (
	"encoding/binary"
	"sync"

	"github.com/pcparchive/pcparchive/pcp"
)

// recordKind describes the records that have the same length and the same value sets, with
// the same numbers of values in the same formats.
type recordKind struct {
	size  int // length with both length words
	end   int // where the value sets end, counted from the beginning of the record
	at    int // where the number of sets is
	heads []setHead
}

// setHead is the head of a value set.
type setHead struct {
	word   uint64 // identifier and number of values
	off    uint32 // counted from the beginning of the record
	format uint32 // zero if there are no values
}

func (h setHead) id() pcp.PMID { return pcp.PMID(h.word >> 32) }

func (h setHead) values() int32 { return int32(h.word) }

// is reports whether the bytes of a record of the kind's length are those of the kind. b
// may end where the value sets do.
func (k *recordKind) is(b []byte) bool {
	b = b[:k.end]
	differ := uint64(binary.BigEndian.Uint32(b[k.at:])) ^ uint64(len(k.heads))
	for i := range k.heads {
		h := &k.heads[i]
		differ |= binary.BigEndian.Uint64(b[h.off:]) ^ h.word
		if h.values() > 0 {
			differ |= uint64(binary.BigEndian.Uint32(b[h.off+8:]) ^ h.format)
		}
	}
	return differ == 0
}

// newRecordKind returns the kind of a record, of which b lacks the trailer, or nil if only
// decoding shows what it holds. The number of sets is at offset at.
func newRecordKind(b []byte, at int) *recordKind {
	if len(b) < at+4 {
		return nil
	}
	k := &recordKind{size: len(b) + 4, at: at}
	n, values := int32(binary.BigEndian.Uint32(b[at:])), false
	for at += 4; n > 0; n-- {
		if len(b)-at < 8 {
			return nil
		}
		h := setHead{word: binary.BigEndian.Uint64(b[at:]), off: uint32(at)}
		at += 8
		if count := int64(h.values()); count > 0 {
			size := 4 + 8*count
			if size > int64(len(b)-at) {
				return nil
			}
			if h.format = binary.BigEndian.Uint32(b[at:]); Format(h.format) > Static {
				return nil
			}
			at, values = at+int(size), true
		}
		k.heads = append(k.heads, h)
	}
	if k.end = at; !values {
		return nil
	}
	return k
}

// recordKinds are the kinds of the records of an archive. Several goroutines may use them.
// A nil recordKinds has none.
type recordKinds struct {
	mu     sync.Mutex
	bySize map[int][]*recordKind
	heads  int // of all kinds
}

// The limits of recordKinds: the heads take 2 MiB.
const (
	mostHeads   = 128 << 10
	mostOfASize = 16
)

// of returns the kind of a record; see newRecordKind. Records of the same kind have the
// same pointer, as long as there is room for more kinds.
func (k *recordKinds) of(b []byte, stampSize int) *recordKind {
	size := len(b) + 4
	k.mu.Lock()
	same := k.bySize[size]
	k.mu.Unlock()
	for _, known := range same {
		if known.is(b) {
			return known
		}
	}
	found := newRecordKind(b, 4+stampSize)
	if found == nil {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, known := range k.bySize[size][len(same):] {
		if known.is(b) {
			return known
		}
	}
	if len(same) >= mostOfASize || k.heads+len(found.heads) > mostHeads {
		return nil
	}
	if k.bySize == nil {
		k.bySize = map[int][]*recordKind{}
	}
	k.bySize[size] = append(k.bySize[size], found)
	k.heads += len(found.heads)
	return found
}
