package columns

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/internal/cachedir"
	"github.com/pcparchive/pcparchive/pcp"
)

// Head describes the archive of an entry, without its samples.
type Head struct {
	// Unfit says why the entry has no samples; "" if it may have some. The other
	// fields except Host and Claims may then be zero.
	Unfit string
	// Whole says that the entry has all metrics, and not only those of a query.
	Whole       bool
	Host        string
	First, Last pcp.Timestamp // times of the first and the last record or mark
	Marks       []pcp.Timestamp
	Claims      flatten.Claims // names that the archive gives its host
}

// Metric says whether an entry has the samples of a metric.
type Metric uint8

const (
	// Unknown says that the entry has nothing of the metric, because no query asked
	// for it so far.
	Unknown Metric = iota
	// Kept says that the entry has all samples of the metric.
	Kept
	// Left says that a query must read the archive for the metric.
	Left
)

// blocks list the metrics of an entry.
type blocks struct {
	names int     // number of the metrics
	list  []block // metrics that are not Unknown, sorted by name
}

// block returns the block of the metric with a name; its state is Unknown if the entry has
// none.
func (b *blocks) block(name int) block {
	i, ok := slices.BinarySearchFunc(b.list, name, func(b block, name int) int { return cmp.Compare(b.name, name) })
	if !ok {
		return block{}
	}
	return b.list[i]
}

// block locates a metric in an entry.
type block struct {
	name   int // place of the metric's name in Names
	state  Metric
	offset int64
	head   int // size of the head
	data   int // size of the chunks
	sum    uint32
	pace   time.Duration // see Entry.Pace
}

// directory appends the directory of an entry.
func (e *encoder) directory(h *Head, names cachedir.Key, all blocks) {
	e.Text(string(names))
	e.Text(h.Unfit)
	e.Bool(h.Whole)
	e.Text(h.Host)
	e.stamp(h.First)
	e.stamp(h.Last)
	e.Uint(uint64(len(h.Marks)))
	for _, m := range h.Marks {
		e.stamp(m)
	}
	e.Uint(uint64(len(h.Claims.Names)))
	for _, n := range h.Claims.Names {
		e.Text(n)
	}
	e.Uint(uint64(len(h.Claims.Targets)))
	for _, t := range h.Claims.Targets {
		e.Text(t.Job)
		e.Text(t.Instance)
	}
	e.Uint(uint64(all.names))
	e.Uint(uint64(len(all.list)))
	next := 0
	for i := range all.list {
		b := &all.list[i]
		e.Uint(uint64(b.name - next))
		e.block(b)
		next = b.name + 1
	}
}

func (e *encoder) block(b *block) {
	e.Byte(byte(b.state))
	if b.state == Kept {
		e.Uint(uint64(b.offset))
		e.Uint(uint64(b.head))
		e.Uint(uint64(b.data))
		e.sum(b.sum)
		e.Uint(uint64(b.pace.Milliseconds()))
	}
}

// directory decodes the output of encoder.directory. Blocks lie before limit.
func (d *decoder) directory(limit int64) (h Head, names cachedir.Key, all blocks, err error) {
	names = cachedir.Key(d.Text())
	h.Unfit, h.Whole, h.Host = d.Text(), d.Bool(), d.Text()
	h.First, h.Last = d.stamp(), d.stamp()
	for range d.Count(2) {
		h.Marks = append(h.Marks, d.stamp())
	}
	for range d.Count(1) {
		h.Claims.Names = append(h.Claims.Names, d.Text())
	}
	for range d.Count(2) {
		h.Claims.Targets = append(h.Claims.Targets, flatten.Target{Job: d.Text(), Instance: d.Text()})
	}
	n := d.Uint()
	if n > math.MaxInt32 {
		d.Fail()
	}
	all.names = int(n)
	all.list = make([]block, 0, d.Count(2))
	next := uint64(0)
	for range cap(all.list) {
		skipped := d.Uint()
		if skipped >= n-next {
			d.Fail()
		}
		if d.Bad {
			break
		}
		b := d.block(limit)
		b.name = int(next + skipped)
		all.list = append(all.list, b)
		if next += skipped + 1; next >= n {
			break
		}
	}
	return h, names, all, d.err()
}

func (d *decoder) block(limit int64) (b block) {
	b.state = Metric(d.Byte())
	switch b.state {
	case Left:
	case Kept:
		offset, head, data := d.Uint(), d.Uint(), d.Uint()
		if offset > uint64(limit) || head > uint64(limit) || data > uint64(limit) || offset+head+data > uint64(limit) {
			d.Fail()
		}
		b.offset, b.head, b.data, b.sum = int64(offset), int(head), int(data), d.sum()
		b.pace = time.Duration(min(d.Uint(), uint64(PaceTime.Milliseconds()))) * time.Millisecond
	default:
		d.Fail()
	}
	return b
}
