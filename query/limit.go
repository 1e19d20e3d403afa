package query

import (
	"fmt"
	"github.com/pcparchive/pcparchive/store"
	"sync/atomic"
)

// LimitError says that a query needs more samples at once than it may hold.
type LimitError struct {
	Samples int // that it may hold
}

// Error says what can be done.
func (e *LimitError) Error() string {
	return fmt.Sprintf("the query needs more than %d samples at once: ask for fewer series or a shorter time, or allow more samples", e.Samples)
}

// budget is how many samples and series the selections of a query may still hold.
type budget struct {
	limit int
	left  atomic.Int64
	slack atomic.Int64 // series, beyond which each counts as samples
}

// Series of a query are free up to freeSeries. Each further one counts as the
// samples whose memory its labels, its first chunk and its bookkeeping take.
const (
	freeSeries    = 100_000
	seriesSamples = 40
)

func newBudget(limit int) *budget {
	b := &budget{limit: limit}
	b.left.Store(int64(limit))
	b.slack.Store(freeSeries)
	return b
}

// takeSeries takes one series.
func (b *budget) takeSeries() error {
	if b.slack.Add(-1) >= 0 {
		return nil
	}
	return b.take(seriesSamples)
}

// sampleSize is how many bytes of memory a sample stands for.
const sampleSize = 16

// take takes samples.
func (b *budget) take(n int) error {
	if b.left.Add(-int64(n)) < 0 {
		return &LimitError{b.limit}
	}
	return nil
}

// DamageWarning is a warning of a query: an archive that could not be read, or
// not to its end.
type DamageWarning struct{ store.Problem }

// Error returns the problem's text.
func (w *DamageWarning) Error() string { return w.String() }

// Unwrap returns the reason.
func (w *DamageWarning) Unwrap() error { return w.Err }

// LossWarning is a warning of a query: samples that were left out, as they could
// not be read, and why.
type LossWarning struct{ Reason string }

// Error returns the reason, how often and of what.
func (w *LossWarning) Error() string { return w.Reason }

// HostsWarning is a warning of a query: archives of several hosts that say the same
// of themselves, so that hostname had to tell their series apart.
type HostsWarning struct{ Reason string }

// Error returns what is alike and which hosts are concerned.
func (w *HostsWarning) Error() string { return w.Reason }
