package history

import (
	"math"

	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// Query selects steps. The zero Query selects all.
type Query struct {
	From, To pcp.Timestamp // both inclusive; where zero there is no limit
	// Metrics keeps the metrics it returns true for; nil keeps all. Values of
	// others are not decoded. It is asked once per metric.
	Metrics func(*meta.Desc) bool
	// All yields also steps that hold none of the metrics selected.
	All bool
}

// Bounded returns q with times that can be compared with: the earliest and the
// latest there are in place of zero.
func (q Query) Bounded() Query {
	if q.From.IsZero() {
		q.From = pcp.Timestamp{Sec: math.MinInt64, Nsec: math.MinInt32}
	}
	if q.To.IsZero() {
		q.To = pcp.MaxTime
	}
	return q
}
