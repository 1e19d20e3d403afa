package main

import (
	"slices"

	"github.com/prometheus/prometheus/model/labels"
)

// labelTable gives each label name a column.
type labelTable struct {
	known  map[string]bool
	sorted []string
	cells  []string
}

// learn adds the names of labels.
func (t *labelTable) learn(ls labels.Labels) {
	if t.known == nil {
		t.known = map[string]bool{}
	}
	ls.Range(func(l labels.Label) {
		if !t.known[l.Name] {
			t.known[l.Name] = true
			t.sorted = append(t.sorted, l.Name)
		}
	})
}

// names returns the learned names in order.
func (t *labelTable) names() []string {
	slices.Sort(t.sorted)
	return t.sorted
}

// values returns the values of labels, one for each name, empty where there is no label.
// The next call overwrites them.
func (t *labelTable) values(ls labels.Labels) []string {
	t.cells = t.cells[:0]
	for _, name := range t.sorted {
		t.cells = append(t.cells, ls.Get(name))
	}
	return t.cells
}

// line joins the cells of a line.
func (t *labelTable) line(lead, values []string, last string) []string {
	return append(slices.Concat(lead, values), last)
}
