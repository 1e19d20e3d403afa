package values

import (
	"cmp"
	"iter"
	"maps"
	"slices"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// Computed is a series whose values were computed elsewhere, as by a query.
type Computed struct {
	Name   string
	Values map[pcp.Timestamp]float64
}

// NewComputed returns a Layout of computed series, with a Line for each of their times.
func NewComputed(series []Computed) *Layout {
	l := &Layout{}
	lines := map[pcp.Timestamp]*Line{}
	for i, s := range series {
		m := &history.Metric{Name: s.Name, Desc: &meta.Desc{
			PMID: pcp.NewPMID(pcp.DynamicDomain, uint32(i)/1024%1024, uint32(i)%1024), Type: pcp.TypeDouble, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{s.Name},
		}}
		c := &Column{Series: &history.Series{Metric: m, Inst: meta.Instance{ID: pcp.InstNull}}, Spec: -1, factor: 1}
		l.Columns, l.Hosts = append(l.Columns, c), append(l.Hosts, "")
		for at, v := range s.Values {
			line := lines[at]
			if line == nil {
				line = &Line{Stamp: at, Cells: make([]Cell, len(series))}
				lines[at] = line
			}
			line.Cells[i] = Cell{c, history.DoubleValue(pcp.InstNull, v)}
		}
	}
	l.computed = slices.SortedFunc(maps.Values(lines), func(a, b *Line) int {
		return cmp.Or(cmp.Compare(a.Stamp.Sec, b.Stamp.Sec), cmp.Compare(a.Stamp.Nsec, b.Stamp.Nsec))
	})
	return l
}

// Rows yields the lines of a Layout as rows, without the cells that have no value.
func (l *Layout) Rows() iter.Seq2[*Row, error] {
	return func(yield func(*Row, error) bool) {
		row := &Row{}
		for _, line := range l.computed {
			row.Stamp, row.Cells = line.Stamp, row.Cells[:0]
			for _, c := range line.Cells {
				if c.Column != nil {
					row.Cells = append(row.Cells, c)
				}
			}
			if !yield(row, nil) {
				return
			}
		}
	}
}
