package prom

// maxLabel is the longest name or value, in bytes, that Prometheus' labels hold:
// their sizes have 24 bits, and labels that are longer make them panic.
const maxLabel = 1<<24 - 1

// FitsLabel reports whether Prometheus' labels can hold a name or value.
func FitsLabel(s string) bool { return len(s) <= maxLabel }

// Fits reports whether Prometheus' labels can hold those of s. What makes them of
// a series asks first.
func (s *Series) Fits() bool {
	for _, l := range s.Labels {
		if !FitsLabel(l.Name) || !FitsLabel(l.Value) {
			return false
		}
	}
	return FitsLabel(s.Name)
}
