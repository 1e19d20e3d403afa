package overview

import (
	"math"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/pcparchive/pcparchive/convert/prom"
)

// Span is a time, both ends inclusive, in milliseconds.
type Span struct{ From, To int64 }

// Track has the worst value of each rule in each cell of an archive's time. It is
// immutable once a Cache has returned it.
type Track struct {
	Cell        int64 // length of a cell in milliseconds; cells begin at its multiples
	Start       int64 // begin of the first cell
	First, Last int64 // times of the first and the last record; First > Last without records
	// Target has the labels that all series have in common, of those that tell hosts apart.
	Target  []prom.Label
	Covered []Span
	Marks   []int64
	// Window is the longest window of a rule.
	Window time.Duration

	seen    []presence // by the places of Table.Metrics
	columns []column   // by rule, those of Table.Beside last
	names   []string   // of instances
}

// presence says what an archive has of a metric.
type presence uint8

const (
	absent   presence = iota
	singular          // has values without instances
	plural            // has values of instances
)

// column has the worst values of a rule.
type column struct {
	values    []uint16 // see pack; none where there is no value
	instances []uint16 // places in Track.names; nil if the rule has no instances
	unfit     bool     // the samples did not fit the rule
}

// The limits of a track.
const (
	maxCells   = 1 << 14
	maxNames   = 1<<16 - 2
	maxSpans   = 1 << 12
	noInstance = math.MaxUint16
)

// none is a cell without a value.
const none = math.MaxUint16

// pack returns a value that is not negative in 16 bits, with three significant digits:
// exponent and eight bits of the fraction of a float32.
func pack(v float64) uint16 {
	if !(v > 0) {
		return 0
	}
	bits := math.Float32bits(float32(min(v, math.MaxFloat32/2)))
	return uint16((bits + 1<<14) >> 15)
}

// unpack returns the value that pack has packed.
func unpack(p uint16) float64 { return float64(math.Float32frombits(uint32(p) << 15)) }

// targetLabels tell hosts apart: PCP's hostname, and what Prometheus adds to the series of a
// target.
var targetLabels = []string{"hostname", "instance", "job"}

// identify notes the labels of a series that tell hosts apart.
func (t *Track) identify(series labels.Labels, first bool) {
	if first {
		for _, name := range targetLabels {
			if v := series.Get(name); v != "" {
				t.Target = append(t.Target, prom.Label{Name: name, Value: v})
			}
		}
	}
	t.Target = slices.DeleteFunc(t.Target, func(l prom.Label) bool { return series.Get(l.Name) != l.Value })
}

// clone returns a copy for changes.
func (t *Track) clone() *Track {
	c := *t
	c.Covered, c.Marks, c.seen, c.names = slices.Clone(t.Covered), slices.Clone(t.Marks), slices.Clone(t.seen), slices.Clone(t.names)
	c.Target = slices.Clone(t.Target)
	c.columns = make([]column, len(t.columns))
	for i, col := range t.columns {
		c.columns[i] = column{slices.Clone(col.values), slices.Clone(col.instances), col.unfit}
	}
	return &c
}

// put notes a value of a rule for a time that belongs to the cell before or around it.
func (t *Track) put(rule int, at int64, v float64, instance uint16) {
	i := int(floorDiv(at-1, t.Cell) - floorDiv(t.Start, t.Cell))
	if i < 0 || i >= maxCells {
		return
	}
	c := &t.columns[rule]
	for len(c.values) <= i {
		c.values = append(c.values, none)
	}
	p := pack(v)
	if c.values[i] != none && p <= c.values[i] {
		return
	}
	c.values[i] = p
	if instance == noInstance && c.instances == nil {
		return
	}
	for len(c.instances) < len(c.values) {
		c.instances = append(c.instances, noInstance)
	}
	c.instances[i] = instance
}

// coarsen makes cells that are several times as long.
func (t *Track) coarsen(times int64) {
	before, cell := t.Start, t.Cell
	t.Cell *= times
	t.Start = floorDiv(t.Start, t.Cell) * t.Cell
	for r := range t.columns {
		old := t.columns[r]
		t.columns[r] = column{unfit: old.unfit}
		for i, p := range old.values {
			if p == none {
				continue
			}
			instance := uint16(noInstance)
			if i < len(old.instances) {
				instance = old.instances[i]
			}
			t.put(r, before+int64(i+1)*cell, unpack(p), instance)
		}
	}
}

// at returns the value of a rule in a cell.
func (c *column) at(i int) (v float64, ok bool) {
	if i < 0 || i >= len(c.values) || c.values[i] == none {
		return 0, false
	}
	return unpack(c.values[i]), true
}

// instance returns the name of the instance that had the value of a cell.
func (t *Track) instance(c *column, i int) string {
	if i >= len(c.instances) || int(c.instances[i]) >= len(t.names) {
		return ""
	}
	return t.names[c.instances[i]]
}

// size returns about the number of bytes that the track takes.
func (t *Track) size() int64 {
	n := 200 + 16*len(t.Covered) + 8*len(t.Marks) + len(t.seen)
	for _, c := range t.columns {
		n += 48 + 2*cap(c.values) + 2*cap(c.instances)
	}
	for _, l := range t.Target {
		n += 32 + len(l.Name) + len(l.Value)
	}
	for _, name := range t.names {
		n += 16 + len(name)
	}
	return int64(n)
}

// cellSizes are the lengths of cells.
var cellSizes = []time.Duration{
	time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second, 30 * time.Second,
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour,
}

// cellFor returns the length of the cells of a recording: a minute for a day to a week,
// less if it is shorter and more if it is longer, but not less than its interval.
func cellFor(length, interval time.Duration) time.Duration {
	const day, cells = 24 * time.Hour, 1440
	least := max(interval, min(length, day)/cells, length/(7*cells))
	for _, size := range cellSizes {
		if size >= least {
			return size
		}
	}
	return cellSizes[len(cellSizes)-1] * ((least-1)/cellSizes[len(cellSizes)-1] + 1)
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func ceilTo(a, b int64) int64 { return -floorDiv(-a, b) * b }
