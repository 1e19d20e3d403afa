package archive

import (
	"math"

	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// indexEvery is the number of bytes of values after which PCP adds an index
// entry.
const indexEvery = 100000

// IndexMaker creates the temporal index of existing records by PCP's rule. An
// entry points to the first record of a volume, to a record with which an
// instance domain changes, and to the first record after 100000 bytes of
// values. Each entry is later than the one before. First pass all metadata to
// Meta, in the order of the file, then all data to Data.
type IndexMaker struct {
	start   int64 // offset at which the metadata begins
	meta    []dated
	before  int // number of records in meta that are earlier than the current record
	seen    int // number of records in meta that are not later than the current record
	entries []IndexEntry
	at      int64 // data offset of the last entry
	last    IndexEntry
}

// dated is the time of a metadata record and the offset of its end.
type dated struct {
	stamp pcp.Timestamp
	end   int64
	indom bool
}

// NewIndexMaker returns an IndexMaker for metadata that begins at offset start,
// after the archive label; see [HeaderSize].
func NewIndexMaker(start int64) *IndexMaker { return &IndexMaker{start: start} }

// Meta adds a metadata record that ends at offset end. It ignores records
// without a time.
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

// Data adds a data record that begins at offset.
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

// Finish returns the entries of a complete archive. It adds an entry for the
// last record, which points to the end of the metadata.
func (x *IndexMaker) Finish(metaEnd int64) []IndexEntry {
	if len(x.entries) > 0 {
		x.last.Meta = metaEnd
		x.put(x.last)
	}
	return x.entries
}
