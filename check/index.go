package check

import (
	"cmp"
	"slices"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/finding"
	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/pcp"
)

// pointer is one of the two positions in an index entry.
type pointer struct {
	off   int64         // offset in the file that it points into
	entry int           // number of the entry, from 1
	stamp pcp.Timestamp // time of the entry
}

// pointers are the pointers into one file. The check compares them with the file's
// records as it reads the file.
type pointers struct {
	list []pointer // ascending by offset
	next int       // index in list of the first pointer not compared yet
}

// index checks the entries of the temporal index and collects their pointers.
func (c *checker) index(m *member) {
	if m.empty {
		return
	}
	f := c.open(m)
	if f == nil {
		return
	}
	defer f.Close()
	c.indexFile = m
	if got := len(f.w.Peek(int(m.begin))); got < int(m.begin) {
		return // the label is damaged, and a finding has said so
	}
	f.w.Pass(int(m.begin))
	size := m.layout.IndexEntrySize()
	var prev archive.IndexEntry
	n := 0
	for {
		raw := f.w.Peek(size)
		if len(raw) < size {
			if len(raw) > 0 {
				c.add(IndexTorn, m.Path, f.w.Off, "entry %d: the file ends after %d of %d bytes", n+1, len(raw), size)
			}
			break
		}
		n++
		e, _ := archive.DecodeIndexEntry(raw, m.layout.Version) // fails only on short input
		c.entry(m, f.w.Off, n, e, prev)
		prev = e
		f.w.Pass(size)
	}
	if f.w.Err != nil {
		c.unreadable(m, f.w.Off, f.w.Err)
	} else if n == 0 {
		c.add(FileEmpty, m.Path, nowhere, "the index has no entry: PCP takes the archive for empty")
	}
	for _, p := range c.points {
		slices.SortStableFunc(p.list, func(a, b pointer) int { return cmp.Compare(a.off, b.off) })
	}
}

// entry checks entry number n, whose predecessor is prev. at is its offset.
func (c *checker) entry(m *member, at int64, n int, e, prev archive.IndexEntry) {
	report := func(code finding.Code, format string, args ...any) {
		c.add(code, m.Path, at, "entry %d: "+format, append([]any{n}, args...)...)
	}
	if what := badTime(e.Stamp); what != "" {
		report(IndexTime, "time %s: %s", e.Stamp, what)
	} else if c.header.Start.Sec != 0 && e.Stamp.Before(c.header.Start) {
		report(IndexTime, "time %s is before the archive's start, %s", e.Stamp, c.header.Start)
	}
	if e.Volume < 0 {
		report(IndexVolume, "volume %d", e.Volume)
	} else if !c.volumes[e.Volume] {
		c.addIn(c.archive, IndexVolume, m.Path, at, "entry %d: there is no volume %d", n, e.Volume)
	}
	if n > 1 {
		c.entryOrder(report, e, prev)
	}
	for _, p := range []struct {
		volume int32
		off    int64
		what   string
	}{{wire.VolumeMeta, e.Meta, "metadata offset"}, {e.Volume, e.Data, "data offset"}} {
		if p.off < int64(m.layout.HeaderSize) {
			report(IndexOffset, "%s %d is inside the label", p.what, p.off)
		} else if p.volume == wire.VolumeMeta || c.volumes[p.volume] {
			c.point(p.volume, pointer{p.off, n, e.Stamp})
		}
	}
}

// entryOrder checks that entry e does not go back behind its predecessor.
func (c *checker) entryOrder(report func(finding.Code, string, ...any), e, prev archive.IndexEntry) {
	if e.Stamp.Before(prev.Stamp) {
		report(IndexOrder, "time %s after %s", e.Stamp, prev.Stamp)
	}
	if e.Volume < prev.Volume {
		report(IndexOrder, "volume %d after %d", e.Volume, prev.Volume)
	}
	if e.Volume != prev.Volume {
		return
	}
	if e.Meta < prev.Meta {
		report(IndexOrder, "metadata offset %d after %d", e.Meta, prev.Meta)
	}
	if e.Data < prev.Data {
		report(IndexOrder, "data offset %d after %d", e.Data, prev.Data)
	}
}

// point adds a pointer into a volume.
func (c *checker) point(volume int32, p pointer) {
	if c.points[volume] == nil {
		c.points[volume] = &pointers{}
	}
	c.points[volume].list = append(c.points[volume].list, p)
}

// passPointers compares a record that begins at off with the pointers up to off. stamp is
// the time of a data record, nil for metadata.
func (c *checker) passPointers(m *member, off int64, stamp *pcp.Timestamp) {
	p := c.points[m.LabelVolume()]
	if p == nil {
		return
	}
	for ; p.next < len(p.list) && p.list[p.next].off <= off; p.next++ {
		e := p.list[p.next]
		if e.off < off {
			c.between(m, e)
		} else if stamp != nil && e.stamp != *stamp {
			c.add(IndexStamp, c.indexFile.Path, c.entryAt(e), "entry %d for %s points at the record of %s at offset %d of %s",
				e.entry, e.stamp, *stamp, off, m.Path)
		}
	}
}

// skipPointers skips the pointers into damage between off and end, because the records
// there are unknown.
func (c *checker) skipPointers(m *member, off, end int64) {
	p := c.points[m.LabelVolume()]
	if p == nil {
		return
	}
	for ; p.next < len(p.list) && p.list[p.next].off < end; p.next++ {
		if e := p.list[p.next]; e.off < off {
			c.between(m, e)
		}
	}
}

// between reports a pointer to an offset at which no record begins.
func (c *checker) between(m *member, e pointer) {
	c.addIn(m.Path, IndexBoundary, c.indexFile.Path, c.entryAt(e), "entry %d points between the records of %s, at offset %d", e.entry, m.Path, e.off)
}

// endPointers compares the remaining pointers with the end of a file at offset size.
func (c *checker) endPointers(m *member, size int64) {
	p := c.points[m.LabelVolume()]
	if p == nil {
		return
	}
	for ; p.next < len(p.list); p.next++ {
		switch e := p.list[p.next]; {
		case e.off > size:
			c.addIn(m.Path, IndexOffset, c.indexFile.Path, c.entryAt(e), "entry %d: offset %d is past the end of %s, %d", e.entry, e.off, m.Path, size)
		case e.off < size:
			c.between(m, e)
		case m.Role == archive.RoleData && c.data.records > 0 && e.stamp.After(c.data.end):
			c.addIn(m.Path, IndexAhead, c.indexFile.Path, c.entryAt(e), "entry %d for %s points at the end of %s, whose last record is of %s",
				e.entry, e.stamp, m.Path, c.data.end)
		}
	}
}

// entryAt returns the offset of a pointer's entry in the index file.
func (c *checker) entryAt(p pointer) int64 {
	return c.indexFile.begin + int64(p.entry-1)*int64(c.indexFile.layout.IndexEntrySize())
}
