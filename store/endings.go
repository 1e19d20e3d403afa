package store

import "github.com/pcparchive/pcparchive/pcp"

// Endings returns when each archive ends, by base path, as [archive.Reader.Ending] finds
// it. It reads no metadata, and leaves out archives whose end cannot be found.
func (s *Set) Endings() map[string]pcp.Timestamp {
	ends := make(map[string]pcp.Timestamp, len(s.items))
	for _, it := range s.items {
		if s.Stopped() != nil {
			break
		}
		if !it.inUse() {
			continue
		}
		if end, err := it.ending(s.stop); err == nil {
			ends[it.label.Base()] = end
		}
	}
	return ends
}
