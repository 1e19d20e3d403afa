package query

import (
	"fmt"
	"sync/atomic"

	"github.com/pcparchive/pcparchive/store"
)

// LimitError reports a query that needs more samples at once than
// [Options].MaxSamples.
type LimitError struct {
	Samples int // the limit
}

// Error returns the limit and ways to stay below it.
func (e *LimitError) Error() string {
	return fmt.Sprintf("the query needs more than %d samples at once: ask for fewer series or a shorter time, or allow more samples", e.Samples)
}

// BytesError reports a query that reads more bytes than [Options].MaxBytes.
type BytesError struct {
	Bytes int64 // the limit
}

// Error returns the limit and ways to stay below it.
func (e *BytesError) Error() string {
	return fmt.Sprintf("the query reads more than %d bytes of archives: ask for a shorter time or fewer hosts, or allow more bytes", e.Bytes)
}

// budget is the number of samples and series that the selections of a query may
// still hold.
type budget struct {
	limit int
	left  atomic.Int64
	slack atomic.Int64 // series that do not count as samples

	// plain is the number of samples that may be held without compression, which takes more
	// memory and less time. Copies share it.
	plain *atomic.Int64

	given, givenSlack int64 // left and slack of a copy at first

	// opening is the number of samples that selections may read of columns before they
	// count them, because they read whole chunks.
	opening atomic.Int64

	read     *atomic.Int64 // bytes of records read; copies share it
	maxBytes int64         // limit of read; zero means no limit
}

// The first freeSeries series of a query do not count. Each further series counts as
// the samples that fit the memory of its labels, first chunk and bookkeeping.
const (
	freeSeries    = 100_000
	seriesSamples = 40
)

func newBudget(limit int, maxBytes int64) *budget {
	b := &budget{limit: limit, read: &atomic.Int64{}, maxBytes: maxBytes, plain: &atomic.Int64{}}
	b.plain.Store(plainSamples)
	b.left.Store(int64(limit))
	b.slack.Store(freeSeries)
	b.opening.Store(2*int64(limit) + 1<<20)
	return b
}

// copy returns a budget with as much left.
func (b *budget) copy() *budget {
	c := &budget{limit: b.limit, read: b.read, maxBytes: b.maxBytes, plain: b.plain}
	c.left.Store(b.left.Load())
	c.slack.Store(b.slack.Load())
	c.given, c.givenSlack = c.left.Load(), c.slack.Load()
	return c
}

// spend takes the amount from b that was taken from its copy c.
func (b *budget) spend(c *budget) error {
	b.slack.Add(c.slack.Load() - c.givenSlack)
	return b.take(int(c.given - c.left.Load()))
}

// checkRead returns an error if too many bytes were read.
func (b *budget) checkRead() error {
	if b.maxBytes > 0 && b.read.Load() > b.maxBytes {
		return &BytesError{b.maxBytes}
	}
	return nil
}

// takeSeries takes one series.
func (b *budget) takeSeries() error {
	if b.slack.Add(-1) >= 0 {
		return nil
	}
	return b.take(seriesSamples)
}

// sampleSize is the number of bytes of memory that a sample stands for.
const sampleSize = 16

// plainSamples is the number of samples of a query that are not compressed: 16 MiB.
const plainSamples = 1 << 20

// takePlain takes the memory of n samples that are not compressed. It returns false if too
// little is left.
func (b *budget) takePlain(n int) bool { return b != nil && b.plain.Add(-int64(n)) >= 0 }

// take takes samples.
func (b *budget) take(n int) error {
	if b.left.Add(-int64(n)) < 0 {
		return &LimitError{b.limit}
	}
	return nil
}

// DamageWarning is the warning of a query about an archive that cannot be read, or
// not completely.
type DamageWarning struct{ store.Problem }

// Error returns the problem's text.
func (w *DamageWarning) Error() string { return w.String() }

// Unwrap returns the reason.
func (w *DamageWarning) Unwrap() error { return w.Err }

// LossWarning is the warning of a query about samples that it left out because they
// cannot be read.
type LossWarning struct{ Reason string }

// Error returns the reason, the number of samples, and a metric concerned.
func (w *LossWarning) Error() string { return w.Reason }

// HostsWarning is the warning of a query about hosts whose labels are equal, so that
// the query sets the label hostname to distinguish their series.
type HostsWarning struct{ Reason string }

// Error returns the common label and the hosts.
func (w *HostsWarning) Error() string { return w.Reason }
