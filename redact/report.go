package redact

import (
	"cmp"
	"iter"
	"slices"
)

// Report says what was replaced.
type Report struct {
	Archives []Archive   `json:"archives"`
	Kinds    []KindCount `json:"kinds"`
	// Common is the number of originals that are common words, numbers, or names of
	// processes that are part of metric names: they are replaced where a rule finds them,
	// but not searched in other texts.
	Common int `json:"common"`
	// Fixed is the number of originals that are part of names of metrics or labels, which
	// stay as they are.
	Fixed int `json:"fixed"`
	// Shared is the number of addresses whose pseudonym is that of another address, too.
	Shared int `json:"shared"`
	// Named reports that the name chosen for the output contains an original.
	Named bool `json:"named"`
	// Damage names the parts of the inputs that could not be read, and so were left out.
	Damage []error `json:"-"`

	index *index
	names *replacer
}

// Archive is an archive of a report.
type Archive struct {
	In      string `json:"-"` // its path may name a host
	Out     string `json:"out"`
	Records int    `json:"records"`
}

// KindCount is the number of originals of a kind.
type KindCount struct {
	Kind     Kind `json:"kind"`
	Distinct int  `json:"distinct"` // originals, and their parts
	Replaced int  `json:"replaced"` // occurrences
}

// count completes a report.
func (r *Report) count(x *index, names *replacer) {
	r.index, r.names = x, names
	byKind := map[Kind]*KindCount{}
	of := func(k Kind) *KindCount {
		c := byKind[k]
		if c == nil {
			c = &KindCount{Kind: k}
			byKind[k] = c
		}
		return c
	}
	addresses := map[string]int{}
	for i, k := range x.kinds[:x.originals] {
		of(k).Distinct++
		if x.places[i] == ownOnly {
			r.Common++
		} else if x.fixed[i] {
			r.Fixed++
		}
		if k == KindAddress {
			addresses[names.pseudonym(k, x.finder.Text(i), false)]++
		}
	}
	for k, n := range names.counts {
		of(k).Replaced += n
	}
	for _, n := range addresses {
		if n > 1 {
			r.Shared += n
		}
	}
	for _, c := range byKind {
		r.Kinds = append(r.Kinds, *c)
	}
	slices.SortFunc(r.Kinds, func(a, b KindCount) int { return cmp.Compare(a.Kind, b.Kind) })
}

// Replacement is an original and its pseudonym.
type Replacement struct {
	Kind                Kind
	Original, Pseudonym string
}

// Mapping yields all originals with their pseudonyms, sorted by original. It undoes the
// redaction for everyone who reads it.
func (r *Report) Mapping() iter.Seq[Replacement] {
	return func(yield func(Replacement) bool) {
		for i, k := range r.index.kinds[:r.index.originals] {
			original := r.index.finder.Text(i)
			if !yield(Replacement{k, original, r.names.pseudonym(k, original, false)}) {
				return
			}
		}
	}
}
