package meta

import (
	"cmp"
	"slices"
)

// Diff returns the changes that turn from into to, ascending by instance, or
// nil if nothing changed. compact reports whether PCP would store the delta
// instead of the complete domain. It does not if a remaining instance has a new
// name or the changes outnumber the instances of to.
func Diff(from, to *InDom) (delta *InDomDelta, compact bool) {
	delta = &InDomDelta{Stamp: to.Stamp, ID: to.ID}
	compact = true
	old, now := from.sorted(), to.sorted()
	if repeats(old) || repeats(now) {
		compact = false // a delta cannot distinguish instances with the same ID
	}
	for len(old) > 0 || len(now) > 0 {
		switch {
		case len(now) == 0 || len(old) > 0 && old[0].ID < now[0].ID:
			delta.Changes = append(delta.Changes, Change{Instance: Instance{ID: old[0].ID}, Remove: true})
			old = old[1:]
		case len(old) == 0 || now[0].ID < old[0].ID:
			delta.Changes = append(delta.Changes, Change{Instance: now[0]})
			now = now[1:]
		default:
			if old[0].Name != now[0].Name {
				compact = false
			}
			old, now = old[1:], now[1:]
		}
	}
	if len(delta.Changes) == 0 && slices.Equal(from.sorted(), to.sorted()) {
		return nil, true
	}
	return delta, compact && len(delta.Changes) <= len(to.Instances)
}

// Apply returns the domain that results from changing in by dl. An instance
// that dl adds twice keeps the first name. Removing an absent instance does
// nothing.
func (in *InDom) Apply(dl *InDomDelta) *InDom {
	out := &InDom{Stamp: dl.Stamp, ID: dl.ID, Instances: make([]Instance, 0, len(in.Instances)+len(dl.Changes))}
	changes := dl.Changes
	byID := func(a, b Change) int { return cmp.Compare(a.ID, b.ID) }
	if !slices.IsSortedFunc(changes, byID) {
		changes = slices.Clone(changes)
		slices.SortStableFunc(changes, byID)
	}
	old := in.sorted()
	for len(old) > 0 || len(changes) > 0 {
		switch {
		case len(changes) == 0 || len(old) > 0 && old[0].ID < changes[0].ID:
			out.Instances = append(out.Instances, old[0])
			old = old[1:]
		case len(old) == 0 || changes[0].ID < old[0].ID:
			if n := len(out.Instances); !changes[0].Remove && (n == 0 || out.Instances[n-1].ID != changes[0].ID) {
				out.Instances = append(out.Instances, changes[0].Instance)
			}
			changes = changes[1:]
		default:
			if changes[0].Remove {
				old = old[1:]
			}
			changes = changes[1:]
		}
	}
	return out
}

// repeats reports whether an ID occurs more than once in sorted instances.
func repeats(sorted []Instance) bool {
	for i := 1; i < len(sorted); i++ {
		if sorted[i].ID == sorted[i-1].ID {
			return true
		}
	}
	return false
}
