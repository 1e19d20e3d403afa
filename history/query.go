package history

import (
	"sync/atomic"

	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// Query selects steps. The zero Query selects all.
type Query struct {
	From, To pcp.Timestamp // both inclusive; zero means no limit
	// Metrics selects the metrics for which it returns true; nil selects all.
	// It is called once per metric. Values of other metrics are not decoded.
	Metrics func(*meta.Desc) bool
	// PMIDs, unless nil, are the only metrics of which Metrics may select some. Records
	// without them are passed over quickly.
	PMIDs []pcp.PMID
	// Read, unless nil, counts the bytes of the records read, selected or not.
	Read *atomic.Int64
	// Stop, unless nil, is asked before each record and while compressed data is decoded
	// that precedes the first record. Its error ends the pass. A pass may ask in another
	// goroutine.
	Stop func() error
	// All also yields steps that hold none of the selected metrics.
	All bool
	// Superseded, unless nil, lets the source leave out steps whose values later ones
	// replace. The source calls it with a step that it has yielded; it reports whether the
	// reader needs of all steps of that Shape the last one only. The source may then leave out
	// a step if another step of its Shape follows, no mark and no value of the step's metrics
	// is in between, the times ascend, and a float64 holds the step's 64-bit integers.
	Superseded func(*Step) bool
	// PastNames names an instance that the domain in force lacks as an earlier version did,
	// see [meta.Store.PastName]. Otherwise it has no name.
	PastNames bool
}

// Bounded returns q with the earliest and the latest time in place of a zero
// From and To, so that both can be compared.
func (q Query) Bounded() Query {
	if q.From.IsZero() {
		q.From = pcp.MinTime
	}
	if q.To.IsZero() {
		q.To = pcp.MaxTime
	}
	return q
}
