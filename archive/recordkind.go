package archive

import (
	"encoding/binary"
	"math/bits"
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

// setHead is the head of a value set. Its words are read with the least significant byte
// first, which is faster and no matter for finding out whether they are equal.
type setHead struct {
	word   uint64 // identifier and number of values
	off    uint32 // counted from the beginning of the record
	format uint32 // zero if there are no values
	bare   bool   // there are no values
}

func (h setHead) id() pcp.PMID { return pcp.PMID(bits.ReverseBytes64(h.word) >> 32) }

func (h setHead) values() int32 { return int32(bits.ReverseBytes64(h.word)) }

// is reports whether the bytes of a record of the kind's length are those of the kind. b
// may end where the value sets do.
func (k *recordKind) is(b []byte) bool {
	b = b[:k.end]
	differ := uint64(binary.BigEndian.Uint32(b[k.at:])) ^ uint64(len(k.heads))
	for i := range k.heads {
		h := &k.heads[i]
		if h.bare {
			differ |= binary.LittleEndian.Uint64(b[h.off:]) ^ h.word
			continue
		}
		p := (*[12]byte)(b[h.off:]) // one check of the length for both
		differ |= binary.LittleEndian.Uint64(p[:8]) ^ h.word | uint64(binary.LittleEndian.Uint32(p[8:])^h.format)
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
		h := setHead{word: binary.LittleEndian.Uint64(b[at:]), off: uint32(at), bare: true}
		at += 8
		if count := int64(h.values()); count > 0 {
			size := 4 + 8*count
			if size > int64(len(b)-at) {
				return nil
			}
			h.bare = false
			if h.format = binary.LittleEndian.Uint32(b[at:]); Format(bits.ReverseBytes32(h.format)) > Static {
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

// The limits of recordKinds: the heads take 3 MiB.
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
