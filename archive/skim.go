package archive

import (
	"encoding/binary"
	"io"
	"slices"

	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/pcp"
)

// skimmer reads the records of parts of a plain volume for a query that wants few metrics.
// Of a record without them it reads no more than its value sets, which precede the values
// in blocks, and nothing if the record is known. It belongs to one goroutine.
type skimmer struct {
	src io.ReaderAt
	// mapped calls do with bytes of src that are mapped into memory; nil if nothing can be mapped.
	mapped func(from, to int64, do func([]byte)) error
	in     skimInput // of the part
	layout *wire.Layout
	kinds  *recordKinds
	ids    *idFilter
	max    int // length of the longest record
	ended  func() bool
	shapes func() []*shape // of records that the query wants

	wanted map[*recordKind]bool        // whether the query may want a value
	after  map[*recordKind]*recordKind // the kind that followed last time
	last   *recordKind                 // of the record read last; nil if it has none
}

// stretch is a part of a volume that a skimmer has read.
type stretch struct {
	to      int64 // where the records end
	whole   bool  // to is the end of the part
	records []skimmed
	arena   []byte   // payloads of records
	loads   []loaded // records of which only the values are here
	words   []uint64 // these values
}

// loaded is a record of a shape, and where its values are.
type loaded struct {
	shape    *shape
	from, to int
}

// skimmed is a record of a stretch.
type skimmed struct {
	stamp pcp.Timestamp
	kind  *recordKind // nil if only its value sets tell what it holds
	off   int64
	size  int32 // length of the payload
	// at is where the payload is in the arena, notRead if the query wants no value, or firstLoad
	// minus the index of a loaded.
	at int32
}

const (
	notRead   = -1 // the place of a payload that is not in the arena
	firstLoad = -2
)

// use calls do, which skims a part, with the bytes of the part as input. do begins anew if mapped bytes
// turn out to be unreadable.
func (s *skimmer) use(from, to int64, do func()) {
	if s.mapped != nil {
		err := s.mapped(from, to, func(b []byte) {
			s.in = &mappedPart{b, from}
			do()
		})
		if err == nil {
			return
		}
	}
	s.in = &readPart{src: s.src, at: from}
	do()
}

// skim reads the records from one offset, at which a record begins, to another. It stops
// before a record that is damaged or crosses the end, which others will look at.
func (s *skimmer) skim(from, to int64, st *stretch) {
	st.reset(from)
	s.last = nil
	for off := from; !s.ended(); {
		guess := s.guess()
		// The trailer of the record before ends where the next one begins.
		if n := len(st.records); n > 0 {
			if b := s.in.bytes(st, off-4, 4, guess+4); b == nil || int32(binary.BigEndian.Uint32(b)) != st.records[n-1].size+8 {
				st.records = st.records[:n-1]
				return
			}
			st.to = off
		}
		if st.whole = off == to; st.whole {
			return
		}
		size, ok := s.record(off, to, guess, st)
		if !ok {
			return
		}
		off += size
	}
}

func (st *stretch) reset(from int64) {
	st.to, st.whole, st.records, st.arena = from, false, st.records[:0], st.arena[:0]
	st.loads, st.words = st.loads[:0], st.words[:0]
}

// again reads those records of a part that the query may want; the others are known. It
// stops before a record that is not what it was.
func (s *skimmer) again(known []skimmed, to int64, st *stretch) {
	st.reset(known[0].off)
	for i := range known {
		r := known[i]
		if (r.kind == nil || s.wants(r.kind)) && (s.ended() || !s.fetch(&r, st)) {
			return
		}
		st.records = append(st.records, r)
		st.to = r.off + int64(r.size) + 8
	}
	st.whole = st.to == to
}

// fetch reads a known record. It returns false if the record is not there.
func (s *skimmer) fetch(r *skimmed, st *stretch) bool {
	n := int(r.size) + 8
	b := s.in.bytes(st, r.off, n, n)
	if b == nil || !framed(b, n) {
		return false
	}
	if !s.load(b[4:n-4], r, st) {
		r.at = s.in.keep(st, r.off, n)
	}
	return true
}

// framed reports whether the first n bytes are those of a record of that length.
func framed(b []byte, n int) bool {
	return int(binary.BigEndian.Uint32(b)) == n && int(binary.BigEndian.Uint32(b[n-4:])) == n
}

// load takes the values of a record that has a known shape. The rest need not be kept then.
func (s *skimmer) load(payload []byte, r *skimmed, st *stretch) bool {
	for _, known := range s.shapes() {
		if len(payload) != known.size {
			continue
		}
		at := len(st.words)
		words, ok := known.extract(payload, st.words)
		if st.words = words; ok {
			r.kind, r.at = known.kind, int32(firstLoad-len(st.loads))
			st.loads = append(st.loads, loaded{known, at, len(words)})
			return true
		}
	}
	return false
}

// guess returns how many bytes the next record will need, its length and trailer included.
func (s *skimmer) guess() int {
	k := s.after[s.last]
	switch {
	case k == nil:
		return skimRead
	case s.wants(k):
		return k.size
	}
	return k.end
}

// record adds the record at an offset. It returns false if the record is damaged or goes
// beyond to.
func (s *skimmer) record(off, to int64, guess int, st *stretch) (size int64, ok bool) {
	b := s.in.bytes(st, off, 4, guess)
	if b == nil {
		return 0, false
	}
	n := int(int32(binary.BigEndian.Uint32(b)))
	if n < 8+s.layout.StampSize || n > s.max || off+int64(n) > to {
		return 0, false
	}
	r := skimmed{off: off, size: int32(n - 8), at: notRead}
	if k := s.after[s.last]; k != nil && k.size == n && !s.wants(k) {
		if b = s.in.bytes(st, off, k.end, k.end); b != nil && k.is(b) {
			r.kind = k
		}
	}
	if r.kind == nil {
		if b = s.in.bytes(st, off, n-4, n); b == nil {
			return 0, false
		}
		if !s.load(b[4:n-4], &r, st) {
			r.kind = s.kinds.of(b[:n-4], s.layout.StampSize)
		}
	}
	if r.at == notRead && (r.kind != nil && s.wants(r.kind) || r.kind == nil && !s.ids.lacks(b[4:n-4], s.layout.StampSize)) {
		r.at = s.in.keep(st, off, n)
	}
	d := wire.NewDec(pcp.KindResult, b[4:])
	r.stamp = s.layout.Stamp(&d)
	st.records = append(st.records, r)
	s.after[s.last] = r.kind
	s.last = r.kind
	return int64(n), true
}

// wants reports whether the query may want values of records of a kind.
func (s *skimmer) wants(k *recordKind) bool {
	wanted, known := s.wanted[k]
	if !known {
		wanted = slices.ContainsFunc(k.heads, func(h setHead) bool { return s.ids.has(h.id()) })
		s.wanted[k] = wanted
	}
	return wanted
}
