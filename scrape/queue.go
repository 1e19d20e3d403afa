package scrape

import (
	"cmp"
	"container/heap"
	"context"
	"math"
	"time"
)

// drain writes the queued scrapes that cannot come after a running scrape. It does not
// wait for scrapes that run longer than maxWait.
func (r *Recorder) drain() error { return r.drainAt(time.Now().UnixMilli()) }

// drainAt is drain with the time of the clock in ms.
func (r *Recorder) drainAt(now int64) error {
	limit := now - beginSlack
	for _, begun := range r.inFlight {
		limit = min(limit, begun)
	}
	limit = max(limit, now-maxWait.Milliseconds())
	// After the clock was set back, what waits would wait until the clock reaches its time.
	setBack := now < r.drained-maxWait.Milliseconds()
	r.drained = now
	if r.opts.Alone || setBack {
		limit = math.MaxInt64
	}
	wrote := false
	for len(r.queue) > 0 && r.queue[0].t < limit && r.err == nil {
		r.write(heap.Pop(&r.queue).(*scrape))
		wrote = true
	}
	if wrote && r.err == nil {
		r.fail(r.sink.Flush())
	}
	return r.err
}

// drainUntil calls drain until ctx ends, for scrapes that became due without the end of
// another one.
func (r *Recorder) drainUntil(ctx context.Context) {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			r.Drain()
		}
	}
}

// Drain writes the queued scrapes that need not wait any longer. A Recorder of a Scraper
// that is not alone in its archive needs a call every 20 ms.
func (r *Recorder) Drain() {
	r.mu.Lock()
	defer r.mu.Unlock()
	_ = r.drain() // the error is kept and reported by fail
}

// scrapeQueue is a heap of finished scrapes by time, then source.
type scrapeQueue []*scrape

func (q scrapeQueue) Len() int { return len(q) }

func (q scrapeQueue) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(q[i].t, q[j].t), cmp.Compare(q[i].src.name, q[j].src.name)) < 0
}

func (q scrapeQueue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }

func (q *scrapeQueue) Push(x any) { *q = append(*q, x.(*scrape)) }

func (q *scrapeQueue) Pop() any {
	old := *q
	s := old[len(old)-1]
	old[len(old)-1] = nil // nothing holds the page of a scrape that is written
	*q = old[:len(old)-1]
	return s
}
