package query

import (
	"fmt"
	"slices"

	"github.com/prometheus/prometheus/storage"

	"github.com/pcparchive/pcparchive/store"
)

// UnknownHostError says that no archive is of a host.
type UnknownHostError struct{ Host string }

// Error names the host.
func (e *UnknownHostError) Error() string { return fmt.Sprintf("there is no host named %q", e.Host) }

// Only returns an Engine whose queries read the archives of some hosts alone. The names are
// those in the labels of archives, as [store.Set.Host] has them, whatever value the label
// hostname has. No names mean all hosts. The error is an [UnknownHostError].
func (e *Engine) Only(hosts []string) (*Engine, error) {
	if len(hosts) == 0 {
		return e, nil
	}
	chosen := make(map[string]bool, len(hosts))
	for _, host := range hosts {
		chosen[host] = true
	}
	known := map[string]bool{}
	for _, set := range e.storage.sets {
		known[set.Host()] = true
	}
	for _, host := range hosts {
		if !known[host] {
			return nil, &UnknownHostError{host}
		}
	}
	narrowed, st := *e, *e.storage
	st.chosen = chosen
	narrowed.storage = &st
	return &narrowed, nil
}

// Narrowed reports whether a storage reads the archives of some hosts alone, see
// [Engine.Only]. Series that belong to no host have no place beside it.
func Narrowed(q storage.Queryable) bool {
	s, ok := q.(*Storage)
	return ok && s.chosen != nil
}

// reads reports whether the storage reads the archives of a Set.
func (s *Storage) reads(set *store.Set) bool { return s.chosen == nil || s.chosen[set.Host()] }

// read returns the Sets that the storage reads.
func (s *Storage) read() []*store.Set {
	if s.chosen == nil {
		return s.sets
	}
	return slices.DeleteFunc(slices.Clone(s.sets), func(set *store.Set) bool { return !s.reads(set) })
}
