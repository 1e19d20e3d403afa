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
func (s *Set) Awaiting() int { return s.items[0].search.Waiting() }

// Searching reports whether the end of the first archive is looked for.
func (s *Set) Searching() bool { return !s.items[0].search.Idle() }

// Loading returns the number of those who wait for the metadata of the first archive.
func (s *Set) Loading() int { return s.items[0].reading.Waiting() }
