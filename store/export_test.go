package store

// Held returns the number of archives whose metadata Hosts keep.
func Held(h *Hosts) int {
	h.kept.mu.Lock()
	defer h.kept.mu.Unlock()
	return h.kept.order.Len()
}
