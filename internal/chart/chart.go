// Package chart draws series over time: as text for terminals, and as SVG, PNG and HTML.
package chart

import (
	"errors"
	"math"
	"slices"
	"strconv"
	"time"
)

// Point is a value at a time. A value of NaN ends a line.
type Point struct {
	At    time.Time
	Value float64
}

// Series is a line.
type Series struct {
	Name   string
	Points []Point // by ascending time
}

// Chart is a chart.
type Chart struct {
	Title    string
	Unit     string         // of the values; may be empty
	Zone     *time.Location // of the times
	From, To time.Time
	Series   []Series
	Marks    []time.Time // at which recording stopped and started again; lines end there
}

// ErrEmpty reports that no series has a value.
var ErrEmpty = errors.New("no values to draw")

// bounds returns the least and the largest value.
func (c *Chart) bounds() (low, high float64, err error) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, s := range c.Series {
		for _, p := range s.Points {
			if !math.IsNaN(p.Value) && !math.IsInf(p.Value, 0) {
				low, high = min(low, p.Value), max(high, p.Value)
			}
		}
	}
	if low > high {
		return 0, 0, ErrEmpty
	}
	return low, high, nil
}

// segments returns the parts of a series without a gap.
func (c *Chart) segments(s *Series) (all [][]Point) {
	begin := 0
	end := func(i int) {
		if i > begin {
			all = append(all, s.Points[begin:i])
		}
	}
	for i, p := range s.Points {
		if math.IsNaN(p.Value) || math.IsInf(p.Value, 0) {
			end(i)
			begin = i + 1
			continue
		}
		if i > begin && c.marked(s.Points[i-1].At, p.At) {
			end(i)
			begin = i
		}
	}
	end(len(s.Points))
	return all
}

// marked reports whether a mark lies between two times.
func (c *Chart) marked(from, to time.Time) bool {
	i, _ := slices.BinarySearchFunc(c.Marks, from, time.Time.Compare)
	for i < len(c.Marks) && c.Marks[i].Equal(from) {
		i++
	}
	return i < len(c.Marks) && !c.Marks[i].After(to)
}

// ticks returns round numbers between two values, about n of them.
func ticks(low, high float64, n int) []float64 {
	if high <= low {
		return []float64{low}
	}
	step := math.Pow(10, math.Floor(math.Log10((high-low)/float64(n))))
	for _, factor := range []float64{1, 2, 5, 10} {
		if (high-low)/(step*factor) <= float64(n) {
			step *= factor
			break
		}
	}
	var all []float64
	for i := math.Ceil(low/step - 1e-9); i*step <= high+step*1e-9 && len(all) <= 4*n; i++ {
		all = append(all, i*step+0) // without the sign of -0
	}
	return all
}

// steps are the distances between the labels of a time axis.
var steps = []time.Duration{
	time.Millisecond, 10 * time.Millisecond, 100 * time.Millisecond, time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second,
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 6 * time.Hour, 12 * time.Hour,
	24 * time.Hour, 2 * 24 * time.Hour, 7 * 24 * time.Hour, 30 * 24 * time.Hour, 365 * 24 * time.Hour,
}

// times returns round times of the chart's zone, at most n of them.
func (c *Chart) times(n int) (all []time.Time) {
	span := c.To.Sub(c.From)
	i := slices.IndexFunc(steps, func(d time.Duration) bool { return span/d <= time.Duration(n) })
	if i < 0 {
		i = len(steps) - 1
	}
	_, offset := c.From.In(c.Zone).Zone()
	shift := time.Duration(offset) * time.Second
	t := c.From.Add(shift).Truncate(steps[i]).Add(-shift)
	for ; !t.After(c.To) && len(all) <= n; t = t.Add(steps[i]) {
		if !t.Before(c.From) {
			all = append(all, t.In(c.Zone))
		}
	}
	return all
}

// layout returns the form of the labels of a time axis.
func (c *Chart) layout() string {
	switch span := c.To.Sub(c.From); {
	case span <= 5*time.Second:
		return "15:04:05.000"
	case span <= 10*time.Minute:
		return "15:04:05"
	case span <= 36*time.Hour:
		return "15:04"
	case span <= 14*24*time.Hour:
		return "01-02 15:04"
	}
	return "2006-01-02"
}

// prefixes are those of large numbers.
var prefixes = []struct {
	size float64
	sign string
}{{1e15, "P"}, {1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "k"}}

// number formats a value for an axis: 1500000 as 1.5M.
func number(v float64) string {
	for _, p := range prefixes {
		if math.Abs(v) >= p.size*9.999 || math.Abs(v) >= p.size && p.sign != "k" {
			return strconv.FormatFloat(v/p.size, 'g', 4, 64) + p.sign
		}
	}
	if v != 0 && math.Abs(v) < 1e-12 {
		return "0"
	}
	text := strconv.FormatFloat(v, 'g', 4, 64)
	if x, err := strconv.ParseFloat(text, 64); err == nil && math.Abs(x) < 1e5 && (x == 0 || math.Abs(x) >= 1e-4) {
		return strconv.FormatFloat(x, 'f', -1, 64)
	}
	return text
}

// maxPoints is the number of points of a series that a chart keeps; more take no more
// place in a picture.
const maxPoints = 1 << 14

// maxValue is the largest value that a chart draws, so that differences and sums of values
// are finite numbers.
const maxValue = 1e300

// Add adds a point; values beyond 1e300 are drawn there. Of a long series, pairs of neighbors
// become their average.
func (s *Series) Add(p Point) {
	if !math.IsInf(p.Value, 0) {
		p.Value = max(-maxValue, min(maxValue, p.Value))
	}
	s.Points = append(s.Points, p)
	if len(s.Points) < 2*maxPoints {
		return
	}
	kept := s.Points[:0]
	for i := 0; i+1 < len(s.Points); i += 2 {
		a, b := s.Points[i], s.Points[i+1]
		kept = append(kept, Point{a.At.Add(b.At.Sub(a.At) / 2), (a.Value + b.Value) / 2})
	}
	s.Points = kept
}
