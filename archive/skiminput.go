package archive

import (
	"io"
	"slices"
)

// skimInput has the bytes of a part of a volume. Records come in ascending order.
type skimInput interface {
	// bytes returns the n bytes at an offset, perhaps with more that follow, or nil if they
	// cannot be read. They are valid until the next call. If bytes has to read them it reads
	// up to as many as ahead.
	bytes(st *stretch, off int64, n, ahead int) []byte
	// keep keeps the record of n bytes at an offset, which bytes has returned last, perhaps
	// without its trailer. It returns where the payload is in the arena.
	keep(st *stretch, off int64, n int) (payload int32)
}

// mappedPart is a part that is mapped into memory.
type mappedPart struct {
	all  []byte
	from int64
}

func (p *mappedPart) bytes(_ *stretch, off int64, n, _ int) []byte {
	if at := off - p.from; at >= 0 && at+int64(n) <= int64(len(p.all)) {
		return p.all[at:]
	}
	return nil
}

func (p *mappedPart) keep(st *stretch, off int64, n int) (payload int32) {
	at := off - p.from
	payload = int32(len(st.arena))
	if payload == 0 && cap(st.arena) < len(p.all) {
		st.arena = make([]byte, 0, len(p.all)) // not Grow, which fills it with zeros: what is not used takes no memory
	}
	st.arena = append(st.arena, p.all[at+4:at+int64(n)-4]...)
	return payload
}

// readPart is a part that is read. The arena ends with a window: bytes of the volume from the
// offset at on. Those of a record that is kept stay, others make room.
type readPart struct {
	src    io.ReaderAt
	window int // where it begins
	at     int64
}

// skimRead is the number of bytes that a readPart reads at least.
const skimRead = 4 << 10

func (p *readPart) bytes(st *stretch, off int64, n, ahead int) []byte {
	window := st.arena[p.window:]
	skip := off - p.at
	if skip >= 0 && skip+int64(n) <= int64(len(window)) {
		return window[skip:]
	}
	have := 0
	if skip >= 0 && skip < int64(len(window)) {
		have = copy(window, window[skip:])
	}
	p.at = off
	ahead = max(n, ahead, have+skimRead)
	st.arena = slices.Grow(st.arena[:p.window+have], ahead-have)[:p.window+ahead]
	window = st.arena[p.window:]
	got, _ := p.src.ReadAt(window[have:], off+int64(have)) // too few bytes are not taken
	if window = window[:have+got]; len(window) < n {
		return nil
	}
	st.arena = st.arena[:p.window+len(window)]
	return window
}

// keep makes the window begin after the record.
func (p *readPart) keep(_ *stretch, off int64, n int) (payload int32) {
	begin := p.window + int(off-p.at)
	p.window, p.at = begin+n-4, off+int64(n-4)
	return int32(begin + 4)
}
