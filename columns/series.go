package columns

import (
	"encoding/binary"
	"math"
	"slices"
	"strings"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/pcp"
)

// Series is a series of an entry.
type Series struct {
	Labels []prom.Label // without the name, by name
	Sem    pcp.Semantics
	// Live says that the series has not ended by the end of the archive. A mark after
	// the archive ends it.
	Live   bool
	First  int64 // time of the first sample in milliseconds
	Chunks []Chunk
}

// Samples returns the number of samples in the chunks.
func (s *Series) Samples() (n int) {
	for _, c := range s.Chunks {
		n += int(binary.BigEndian.Uint16(c.Data))
	}
	return n
}

// Chunk is an XOR chunk of a series.
type Chunk struct {
	Data []byte
	Last int64 // time of the last sample
	sum  uint32
	size int
}

// seriesHead appends the heads of the series of a metric, without the data of their
// chunks.
func (e *encoder) seriesHead(all []Series) {
	common := commonLabels(all)
	e.labels(common)
	e.Uint(uint64(len(all)))
	for i := range all {
		s := &all[i]
		flags := byte(s.Sem) << 1
		if s.Live {
			flags |= 1
		}
		e.Byte(flags)
		e.labels(without(s.Labels, common))
		e.Int(s.First)
		e.Uint(uint64(len(s.Chunks)))
		before := s.First
		for j := range s.Chunks {
			c := &s.Chunks[j]
			e.Uint(uint64(c.size))
			e.Uint(uint64(c.Last - before))
			e.sum(c.sum)
			before = c.Last
		}
	}
}

func (e *encoder) labels(all []prom.Label) {
	e.Uint(uint64(len(all)))
	for _, l := range all {
		e.Text(l.Name)
		e.Text(l.Value)
	}
}

// commonLabels returns the labels that all series have.
func commonLabels(all []Series) []prom.Label {
	if len(all) == 0 {
		return nil
	}
	common := slices.Clone(all[0].Labels)
	for i := range all {
		common = slices.DeleteFunc(common, func(l prom.Label) bool { return !slices.Contains(all[i].Labels, l) })
	}
	return common
}

func without(labels, common []prom.Label) []prom.Label {
	return slices.DeleteFunc(slices.Clone(labels), func(l prom.Label) bool { return slices.Contains(common, l) })
}

// seriesHead decodes the output of encoder.seriesHead. The chunks have no data yet, and
// take size bytes together.
func (d *decoder) seriesHead(size int) ([]Series, error) {
	common := d.labels(nil)
	all := make([]Series, 0, d.Count(6))
	texts := 0
	for range cap(all) {
		flags := d.Byte()
		s := Series{Sem: pcp.Semantics(flags >> 1), Live: flags&1 != 0}
		s.Labels = d.labels(common)
		s.First = d.Int()
		s.Chunks = make([]Chunk, d.Count(6))
		before := s.First
		for i := range s.Chunks {
			c := &s.Chunks[i]
			n, step := d.Uint(), d.Uint()
			c.sum = d.sum()
			if n < 2 || n > uint64(size) || step > math.MaxInt64 || before+int64(step) < before {
				d.Fail()
			}
			c.size, c.Last = int(n), before+int64(step)
			size -= c.size
			before = c.Last
		}
		if texts += len(common); len(s.Chunks) == 0 || texts > maxCommon {
			d.Fail()
		}
		if d.Bad {
			break
		}
		all = append(all, s)
	}
	if size != 0 {
		d.Fail()
	}
	return all, d.err()
}

// maxCommon is the most copies of common labels that the series of a metric may have.
const maxCommon = 1 << 24

// labels reads labels and merges them with common ones.
func (d *decoder) labels(common []prom.Label) []prom.Label {
	n := d.Count(2)
	all := make([]prom.Label, 0, n+len(common))
	all = append(all, common...)
	for range n {
		all = append(all, prom.Label{Name: d.Text(), Value: d.Text()})
	}
	if len(common) > 0 && n > 0 {
		slices.SortFunc(all, func(a, b prom.Label) int { return strings.Compare(a.Name, b.Name) })
	}
	return all
}
