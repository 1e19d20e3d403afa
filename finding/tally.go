package finding

import (
	"fmt"
	"iter"
)

// DefaultLimit is the number of findings of one code that a check yields for an archive or
// block by default.
const DefaultLimit = 100

// Tally counts findings by code and limits the number of each code to yield.
type Tally struct {
	limit  int // negative: no limit
	counts map[Code]int
}

// NewTally returns an empty Tally. A limit of 0 stands for [DefaultLimit]; a
// negative limit keeps all findings.
func NewTally(limit int) Tally {
	if limit == 0 {
		limit = DefaultLimit
	}
	return Tally{limit: limit, counts: map[Code]int{}}
}

// Add counts a finding and reports whether it is within the limit.
func (t *Tally) Add(code Code) bool {
	t.counts[code]++
	return t.limit < 0 || t.counts[code] <= t.limit
}

// Omitted yields a finding for each code that exceeded the limit, in the order of
// codes. The caller fills in where the findings belong.
func (t *Tally) Omitted(codes []CodeInfo) iter.Seq[Finding] {
	return func(yield func(Finding) bool) {
		for _, c := range codes {
			n := t.counts[c.Code] - t.limit
			if t.limit < 0 || n <= 0 {
				continue
			}
			if !yield(Finding{Code: c.Code, Severity: c.Severity, Offset: -1, Message: fmt.Sprintf("and %d more", n), Omitted: n}) {
				return
			}
		}
	}
}
