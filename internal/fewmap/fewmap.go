// Package fewmap has maps that take little memory while they have few entries. A recorder
// has one or two for each of its metrics, of which most have a handful of series.
package fewmap

import (
	"iter"
	"slices"
)

// Keyed is a value that knows its key, which does not change.
type Keyed interface{ MapKey() string }

// Map holds values by their keys. The zero Map is empty.
type Map[V Keyed] struct {
	few  []V          // in no order; a deletion copies it, for the sake of All
	many map[string]V // holds all values once they were more than mostFew
}

// mostFew is the number of values up to which looking at each of them is quick.
const mostFew = 32

// Len returns the number of values.
func (m *Map[V]) Len() int { return len(m.few) + len(m.many) }

// Get returns the value with a key.
func (m *Map[V]) Get(key string) (v V, ok bool) {
	if m.many != nil {
		v, ok = m.many[key]
		return v, ok
	}
	if i := m.find(key); i >= 0 {
		return m.few[i], true
	}
	return v, false
}

// find returns the place of a key in few, or -1.
func (m *Map[V]) find(key string) int {
	return slices.IndexFunc(m.few, func(v V) bool { return v.MapKey() == key })
}

// Put adds a value. It replaces one with the same key.
func (m *Map[V]) Put(v V) {
	key := v.MapKey()
	if m.many == nil {
		if i := m.find(key); i >= 0 {
			m.few[i] = v
			return
		}
		if len(m.few) < mostFew {
			m.few = append(m.few, v)
			return
		}
		m.many = make(map[string]V, 2*mostFew)
		for _, old := range m.few {
			m.many[old.MapKey()] = old
		}
		m.few = nil
	}
	m.many[key] = v
}

// Delete removes the value with a key, if there is one.
func (m *Map[V]) Delete(key string) {
	if m.many != nil {
		delete(m.many, key)
		return
	}
	if i := m.find(key); i >= 0 {
		m.few = slices.Concat(m.few[:i], m.few[i+1:])
	}
}

// All yields the values in no particular order. Meanwhile values may be removed.
func (m *Map[V]) All() iter.Seq[V] {
	return func(yield func(V) bool) {
		for _, v := range m.few {
			if !yield(v) {
				return
			}
		}
		for _, v := range m.many {
			if !yield(v) {
				return
			}
		}
	}
}
