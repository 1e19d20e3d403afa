package archive

import (
	"container/list"
	"slices"
	"sort"
	"sync"
	"unsafe"
)

// skims are what passes have found out about the records of an archive's plain volumes,
// for later passes and for the same archive after it has grown.
type skims struct {
	kinds recordKinds
	parts map[partKey]*list.Element // of *knownPart; the lock of the skimMemory guards it
}

// partKey identifies a part of a volume by the offset at which it begins.
type partKey struct {
	volume int
	from   int64
}

// knownPart lists the records of a part.
type knownPart struct {
	owner   *skims
	key     partKey
	to      int64
	records []skimmed
}

// skimMemory bounds what the skims of archives that were opened together hold, except
// their recordKinds. What was used least recently goes first.
type skimMemory struct {
	mu    sync.Mutex
	left  int64
	order list.List // of *knownPart, most recently used first
}

// skimLimit is the number of bytes that a skimMemory holds: 400,000 records.
const skimLimit = 16 << 20

func (p *knownPart) size() int64 {
	return int64(cap(p.records))*int64(unsafe.Sizeof(skimmed{})) + int64(unsafe.Sizeof(*p))
}

// find returns the records of a part from an offset on, nil if they are not known.
func (m *skimMemory) find(s *skims, key partKey, from, to int64) []skimmed {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := s.parts[key]
	if e == nil {
		return nil
	}
	m.order.MoveToFront(e)
	p := e.Value.(*knownPart)
	i := sort.Search(len(p.records), func(i int) bool { return p.records[i].off >= from })
	if p.to != to || i == len(p.records) || p.records[i].off != from {
		return nil
	}
	return p.records[i:]
}

// keep remembers the records of a whole part.
func (m *skimMemory) keep(s *skims, key partKey, to int64, records []skimmed) {
	p := &knownPart{owner: s, key: key, to: to, records: slices.Clone(records)}
	for i := range p.records {
		p.records[i].at = notRead
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if s.parts[key] != nil || p.size() > skimLimit/2 {
		return
	}
	if s.parts == nil {
		s.parts = map[partKey]*list.Element{}
	}
	s.parts[key] = m.order.PushFront(p)
	for m.left -= p.size(); m.left < 0; {
		old := m.order.Remove(m.order.Back()).(*knownPart)
		delete(old.owner.parts, old.key)
		m.left += old.size()
	}
}
