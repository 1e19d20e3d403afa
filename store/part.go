package store

import (
	"path/filepath"
	"strings"
)

// part is what a merge knows of the archives that had a number of history.Step.Part, one
// after the other.
type part struct {
	series   string // of the last archive, see seriesOf
	open     bool
	unmarked bool // the step yielded last is not a mark
}

// takePart returns the number for an archive that is opened. An archive that continues an
// earlier one gets the same number.
func (m *merge) takePart(base string) int {
	series, at := seriesOf(base), -1
	for i, p := range m.parts {
		if !p.open && (at < 0 || p.series == series && m.parts[at].series != series) {
			at = i
		}
	}
	if at < 0 {
		at = len(m.parts)
		m.parts = append(m.parts, part{})
	}
	m.parts[at].series, m.parts[at].open = series, true
	return at
}

// seriesOf returns the part of an archive's path before its date, as in NAME.20261129.16.05
// and 20261129.16.05. Archives that continue one another have it in common.
func seriesOf(base string) string {
	dir, name := filepath.Split(base)
	at := 0
	for field := range strings.SplitSeq(name, ".") {
		if len(field) == len("20261129") && strings.Trim(field, "0123456789") == "" {
			return dir + name[:at]
		}
		at += len(field) + len(".")
	}
	return base
}
