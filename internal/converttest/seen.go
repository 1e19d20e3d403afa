package converttest

import (
	"fmt"

	"github.com/pcparchive/pcparchive/convert/prom"
)

// Seen keeps a line for each number, and the series by their names and labels.
type Seen struct {
	Lines  []string
	Series map[string]*prom.Series
}

// Sample adds a number.
func (s *Seen) Sample(p *prom.Series, t int64, v float64) error {
	key := p.Name
	for _, l := range p.Labels {
		key += fmt.Sprintf(" %s=%s", l.Name, l.Value)
	}
	if s.Series == nil {
		s.Series = map[string]*prom.Series{}
	}
	s.Series[key] = p
	value := fmt.Sprint(v)
	if prom.IsStale(v) {
		value = "stale"
	}
	s.Lines = append(s.Lines, fmt.Sprintf("%d %s %s", t, key, value))
	return nil
}

// Column keeps numbers in the order in which they come.
type Column struct {
	Series []*prom.Series
	Times  []int64
	Values []float64
}

// Sample adds a number.
func (c *Column) Sample(s *prom.Series, t int64, v float64) error {
	c.Series, c.Times, c.Values = append(c.Series, s), append(c.Times, t), append(c.Values, v)
	return nil
}
