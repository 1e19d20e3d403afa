package diff

import (
	"math"

	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
	"github.com/pcparchive/pcparchive/summary"
)

// Side is one of the two things compared: the archives of a host between two times. Zero
// means no limit.
type Side struct {
	Set      *store.Set
	From, To pcp.Timestamp
}

// Options configure a comparison. The zero value compares all metrics.
type Options struct {
	// Metrics returns true for the metrics to compare; nil means all.
	Metrics func(*meta.Desc) bool
	// Threshold is the least factor by which an average must have grown or shrunk to be a
	// Change. Zero means DefaultThreshold, 1 all changes.
	Threshold float64
}

// DefaultThreshold is the threshold of pmdiff.
const DefaultThreshold = 2

// Report is what differs.
type Report struct {
	A, B *summary.Summary
	// OnlyA and OnlyB are the names of the metrics that one side alone describes.
	OnlyA, OnlyB []string
	// Redescribed are metrics whose descriptors differ.
	Redescribed []Redescribed
	// MissingA and MissingB are the series with values on the other side alone, of metrics
	// that both describe.
	MissingA, MissingB []Series
	// Labels are the labels that differ, most frequent first.
	Labels []LabelChange
	// Changes are the averages that differ, those that differ most first.
	Changes []Change
	// Same is the number of series that were compared and are no Change.
	Same int
}

// Redescribed is a metric whose descriptors differ.
type Redescribed struct {
	Metric string
	A, B   *meta.Desc
}

// Series names a series. Instance is "" for a singular metric. Target names the exporter if a
// side has the metric of several; else it is "".
type Series struct{ Metric, Instance, Target string }

// LabelChange is a label that has another value on the other side. A or B is "" where
// there is no such label. Values are JSON.
type LabelChange struct {
	Name, A, B string
	Series     int // number of the series concerned
}

// Change is a series whose average differs.
type Change struct {
	Series
	Units pcp.Units
	A, B  float64
}

// Ratio returns B divided by A: infinite if A is zero.
func (c *Change) Ratio() float64 {
	if c.A == 0 {
		return math.Copysign(math.Inf(1), c.B)
	}
	return c.B / c.A
}

// distance says how much an average changed: the logarithm of the factor, whichever way.
func (c *Change) distance() float64 {
	switch {
	case c.A == c.B:
		return 0
	case c.A == 0, c.B == 0, math.Signbit(c.A) != math.Signbit(c.B):
		return math.Inf(1)
	}
	return math.Abs(math.Log(c.B / c.A))
}
