package columns

import (
	"time"

	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/internal/cachedir"
	"github.com/pcparchive/pcparchive/pcp"
)

// Head is what an entry has of its archive beside samples.
type Head struct {
	// Unfit says why the entry has no samples; "" if it may have some. The other
	// fields except Host and Claims may then be zero.
	Unfit string
	// Whole says that the entry has all metrics, and not only those of a query.
	Whole       bool
	Host        string
	First, Last pcp.Timestamp // times of the first and the last record or mark
	Marks       []pcp.Timestamp
	// Interval is the time between two of the first records: the longest apart from
	// one pause.
	Interval time.Duration
	Claims   flatten.Claims // what the archive calls its host
}

// Metric says what an entry has of a metric.
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

// block locates a metric in an entry.
type block struct {
	state  Metric
	offset int64
	head   int // size of the head
	data   int // size of the chunks
	sum    uint32
}

// appendHead appends the directory of an entry.
func (e *encoder) directory(h *Head, names cachedir.Key, blocks []block) {
	e.text(string(names))
	e.text(h.Unfit)
	e.bool(h.Whole)
	e.text(h.Host)
	e.stamp(h.First)
	e.stamp(h.Last)
	e.uint(uint64(len(h.Marks)))
	for _, m := range h.Marks {
		e.stamp(m)
	}
	e.int(int64(h.Interval))
	e.uint(uint64(len(h.Claims.Names)))
	for _, n := range h.Claims.Names {
		e.text(n)
	}
	e.uint(uint64(len(h.Claims.Targets)))
	for _, t := range h.Claims.Targets {
		e.text(t.Job)
		e.text(t.Instance)
	}
	e.uint(uint64(len(blocks)))
	absent := uint64(0)
	for i := range blocks {
		if blocks[i].state == Unknown {
			absent++
			continue
		}
		e.uint(absent)
		e.block(&blocks[i])
		absent = 0
	}
}

func (e *encoder) block(b *block) {
	e.byte(byte(b.state))
	if b.state == Kept {
		e.uint(uint64(b.offset))
		e.uint(uint64(b.head))
		e.uint(uint64(b.data))
		e.sum(b.sum)
	}
}

// directory reads what encoder.directory appends. Blocks lie before limit.
func (d *decoder) directory(limit int64) (h Head, names cachedir.Key, blocks []block, err error) {
	names = cachedir.Key(d.text())
	h.Unfit, h.Whole, h.Host = d.text(), d.bool(), d.text()
	h.First, h.Last = d.stamp(), d.stamp()
	for range d.count(2) {
		h.Marks = append(h.Marks, d.stamp())
	}
	h.Interval = time.Duration(d.int())
	for range d.count(1) {
		h.Claims.Names = append(h.Claims.Names, d.text())
	}
	for range d.count(2) {
		h.Claims.Targets = append(h.Claims.Targets, flatten.Target{Job: d.text(), Instance: d.text()})
	}
	n := d.uint()
	if n > maxBlocks {
		d.fail()
		n = 0
	}
	blocks = make([]block, n)
	for at := uint64(0); len(d.b) > 0; at++ {
		if at += d.uint(); at >= n {
			d.fail()
			break
		}
		blocks[at] = d.block(limit)
	}
	return h, names, blocks, d.err()
}

// maxBlocks is the most metrics that an entry may have.
const maxBlocks = 1 << 22

func (d *decoder) block(limit int64) (b block) {
	b.state = Metric(d.byte())
	switch b.state {
	case Left:
	case Kept:
		offset, head, data := d.uint(), d.uint(), d.uint()
		if offset > uint64(limit) || head > uint64(limit) || data > uint64(limit) || offset+head+data > uint64(limit) {
			d.fail()
		}
		b.offset, b.head, b.data, b.sum = int64(offset), int(head), int(data), d.sum()
	default:
		d.fail()
	}
	return b
}
