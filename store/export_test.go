package store

// Held returns the number of archives whose metadata Hosts keep.
func Held(h *Hosts) int {
	h.kept.mu.Lock()
	defer h.kept.mu.Unlock()
	return h.kept.order.Len()
}

// Remembered returns the number of archives whose labels are known without reading them.
func Remembered(h *Hosts) (n int) {
	for _, f := range h.found {
		if h.memory.item(f.state, h.opts, h.kept) != nil {
			n++
		}
	}
	return n
}

// Awaiting returns the number of those who wait for the end of the first archive.
func (s *Set) Awaiting() int {
	it := s.items[0]
	it.ends.Lock()
	defer it.ends.Unlock()
	if it.search == nil {
		return 0
	}
	return len(it.search.waiting)
}

// Searching reports whether the end of the first archive is looked for.
func (s *Set) Searching() bool {
	it := s.items[0]
	it.ends.Lock()
	defer it.ends.Unlock()
	return it.search != nil
}
