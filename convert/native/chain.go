package native

import (
	"iter"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/meta"
)

// Chain is a Resolver that asks several in turn. The first that knows a series
// decides.
type Chain []Resolver

// Places returns the places of the first Resolver that knows the series.
func (c Chain) Places(s *prom.Series) []Place {
	for _, r := range c {
		if places := r.Places(s); len(places) > 0 {
			return places
		}
	}
	return nil
}

// Claims yields the claims of all Resolvers in the Chain.
func (c Chain) Claims() iter.Seq[*meta.Desc] {
	return func(yield func(*meta.Desc) bool) {
		for _, r := range c {
			claiming, ok := r.(ClaimingResolver)
			if !ok {
				continue
			}
			for d := range claiming.Claims() {
				if !yield(d) {
					return
				}
			}
		}
	}
}
