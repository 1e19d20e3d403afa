package instant

import (
	"context"
	"iter"
	"slices"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

// Latest is the instant after all records.
var Latest = pcp.MaxTime

// Subject is what values are read from: the archives of a host in one state, or one of
// them. The zero Subject has no values.
type Subject struct {
	set  *store.Set
	only string // base path of the only archive; "" for all archives of the host
}

// Host returns the Subject of all archives of a host.
func Host(set *store.Set) Subject { return Subject{set: set} }

// Archive returns the Subject of the archive of a host with a base path.
func Archive(set *store.Set, base string) Subject { return Subject{set: set, only: base} }

// Host returns the name of the host.
func (s Subject) Host() string {
	if s.set == nil {
		return ""
	}
	return s.set.Host()
}

// Base returns the base path of the only archive, "" for all archives of the host.
func (s Subject) Base() string { return s.only }

// until returns the Subject for a question that the error of stop ends; see [store.Set.Until].
func (s Subject) until(stop func() error) Subject {
	if s.set != nil {
		s.set = s.set.Until(stop)
	}
	return s
}

// Set returns the archives of the host.
func (s Subject) Set() *store.Set { return s.set }

// subjectKey identifies a Subject in all states of its archives.
type subjectKey struct{ host, base string }

func (s Subject) key() subjectKey { return subjectKey{s.Host(), s.only} }

// archives returns the archives by ascending start.
func (s Subject) archives() []store.Archive {
	if s.set == nil {
		return nil
	}
	all := s.set.Archives()
	if s.only == "" {
		return all
	}
	return slices.DeleteFunc(all, func(a store.Archive) bool { return a.Base != s.only })
}

// steps yields the steps that q selects, by ascending time.
func (s Subject) steps(q history.Query) iter.Seq2[*history.Step, error] {
	return s.pass(q, (*store.Set).Steps, (*archive.Reader).Steps)
}

// backward yields the steps of steps in reverse order.
func (s Subject) backward(q history.Query) iter.Seq2[*history.Step, error] {
	return s.pass(q, (*store.Set).Backward, (*archive.Reader).Backward)
}

type passOf[T any] func(T, history.Query) iter.Seq2[*history.Step, error]

func (s Subject) pass(q history.Query, all passOf[*store.Set], one passOf[*archive.Reader]) iter.Seq2[*history.Step, error] {
	if s.set != nil && s.only == "" {
		return all(s.set, q)
	}
	if s.set != nil {
		if r := s.set.Reader(s.only); r != nil {
			return one(r, q)
		}
	}
	return func(func(*history.Step, error) bool) {}
}

// Readers returns the archives that describe metrics at an instant, by ascending start:
// the last one that had begun and those that overlap it. It returns none before the first
// archive begins. The error is that of ctx.
func (s Subject) Readers(ctx context.Context, t pcp.Timestamp) (all []*archive.Reader, err error) {
	if s.set == nil {
		return nil, ctx.Err()
	}
	set := s.set.Until(ctx.Err)
	if s.only == "" {
		all = set.DescribingAt(t)
	} else if r := set.Reader(s.only); r != nil && !r.Header().Start.After(t) {
		all = append(all, r)
	}
	return all, ctx.Err()
}

// extends reports whether the archives now are those before, which may have grown, and
// others that begin later. added is the start of the first of the others.
func extends(before, now []store.Archive) (added pcp.Timestamp, ok bool) {
	if len(before) > len(now) {
		return added, false
	}
	for i, a := range before {
		if !grew(a, now[i]) {
			return added, false
		}
	}
	if added = pcp.MaxTime; len(before) < len(now) {
		added = now[len(before)].Header.Start
	}
	return added, true
}

// grew reports whether an archive is another one in the same or in a later state.
func grew(before, now store.Archive) bool {
	switch {
	case before.State == now.State:
		return true
	case before.Base != now.Base || before.Header.Start != now.Header.Start || before.Header.PID != now.Header.PID:
		return false
	}
	return now.State.Grew(before.State)
}

// sameState reports whether archives are the same ones in the same state.
func sameState(a, b []store.Archive) bool {
	return slices.EqualFunc(a, b, func(a, b store.Archive) bool { return a.State == b.State })
}
