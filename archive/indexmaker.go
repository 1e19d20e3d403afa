package archive

import (
	"math"

	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// indexEvery is how many bytes of values the reference lets pass before it makes
// an index entry that nothing else asks for.
const indexEvery = 100000

// IndexMaker makes the temporal index of an archive whose records are there
// already, by the reference's rule: an entry for the first record of a volume,
// for one with which an instance domain changed and for one after 100000 bytes of
// values; each later than the one before. First it is told of all metadata, in the order
// of the file, then of the data.
type IndexMaker struct {
	start   int64 // of the metadata
	meta    []dated
	before  int // of meta: how many are older than the record
	seen    int // of meta: how many are not later than the record
	entries []IndexEntry
	at      int64 // data offset of the last entry
	last    IndexEntry
}

// dated is a metadata record that has a time, by where it ends.
type dated struct {
	stamp pcp.Timestamp
	end   int64
	indom bool
}

// NewIndexMaker returns an IndexMaker for metadata that begins at start, behind
// the archive label; see [HeaderSize].
func NewIndexMaker(start int64) *IndexMaker { return &IndexMaker{start: start} }

// Meta tells of a metadata record that ends at an offset. One without a time does
// not matter.
func (x *IndexMaker) Meta(rec Record, end int64) {
	switch r := rec.(type) {
	case *meta.InDom:
		x.meta = append(x.meta, dated{r.Stamp, end, true})
	case *meta.InDomDelta:
		x.meta = append(x.meta, dated{r.Stamp, end, true})
	case *meta.Labels:
		x.meta = append(x.meta, dated{r.Stamp, end, false})
	}
}

// Data tells of a data record that begins at an offset.
func (x *IndexMaker) Data(t pcp.Timestamp, volume int32, offset int64) {
	first := len(x.entries) == 0 || x.last.Volume != volume
	changed := false
	for ; x.seen < len(x.meta) && !x.meta[x.seen].stamp.After(t); x.seen++ {
		changed = changed || x.meta[x.seen].indom
	}
	for x.before < len(x.meta) && x.meta[x.before].stamp.Before(t) {
		x.before++
	}
	if first {
		x.at = math.MinInt64 / 2
	}
	x.last = IndexEntry{Stamp: t, Volume: volume, Meta: x.start, Data: offset}
	if x.before > 0 {
		x.last.Meta = x.meta[x.before-1].end
	}
	if first || changed || offset-x.at > indexEvery {
		x.put(x.last)
	}
}

func (x *IndexMaker) put(e IndexEntry) {
	if n := len(x.entries); n > 0 && !e.Stamp.After(x.entries[n-1].Stamp) {
		return
	}
	x.entries = append(x.entries, e)
	x.at = e.Data
}

// Finish returns the entries for an archive that is complete: one more for its
// last record, which points at the end of the metadata.
func (x *IndexMaker) Finish(metaEnd int64) []IndexEntry {
	if len(x.entries) > 0 {
		x.last.Meta = metaEnd
		x.put(x.last)
	}
	return x.entries
}
