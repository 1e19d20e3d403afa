package rewrite

import (
	"math"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// indexEvery is how many bytes of values the reference lets pass before it makes
// an index entry that nothing else asks for.
const indexEvery = 100000

// dated is a metadata record that has a time, by where it ends.
type dated struct {
	stamp pcp.Timestamp
	end   int64
	indom bool
}

// dateOf returns the time of a metadata record that has one.
func dateOf(r archive.Record) (d dated, ok bool) {
	switch r := r.(type) {
	case *meta.InDom:
		return dated{stamp: r.Stamp, indom: true}, true
	case *meta.InDomDelta:
		return dated{stamp: r.Stamp, indom: true}, true
	case *meta.Labels:
		return dated{stamp: r.Stamp}, true
	}
	return d, false
}

// indexer makes the index of a copied archive by the reference's rule: the first
// record of a volume, one with which an instance domain changed, one after
// 100000 bytes of values, and the last; never two of one time.
type indexer struct {
	meta    []dated // in file order
	before  int     // of meta: how many are older than the record
	seen    int     // of meta: how many are not later than the record
	start   int64   // of the metadata
	entries []archive.IndexEntry
	at      int64 // data offset of the last entry
	last    archive.IndexEntry
}

// record adds a data record.
func (x *indexer) record(t pcp.Timestamp, volume int32, offset int64) {
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
	x.last = archive.IndexEntry{Stamp: t, Volume: volume, Meta: x.start, Data: offset}
	if x.before > 0 {
		x.last.Meta = x.meta[x.before-1].end
	}
	if first || changed || offset-x.at > indexEvery {
		x.put(x.last)
	}
}

func (x *indexer) put(e archive.IndexEntry) {
	if n := len(x.entries); n > 0 && x.entries[n-1].Stamp == e.Stamp {
		return
	}
	x.entries = append(x.entries, e)
	x.at = e.Data
}

// finish returns the entries; the last points at the end of the metadata.
func (x *indexer) finish(metaEnd int64) []archive.IndexEntry {
	if len(x.entries) > 0 {
		x.last.Meta = metaEnd
		x.put(x.last)
	}
	return x.entries
}

// place is where a data record begins.
type place struct {
	volume int32
	offset int64
}

// verifier finds out whether an index fits the records.
type verifier struct {
	data map[place][]pcp.Timestamp // times of the entries that point there
	meta map[int64]bool
	bad  bool
}

func newVerifier(entries []archive.IndexEntry) *verifier {
	v := &verifier{data: map[place][]pcp.Timestamp{}, meta: map[int64]bool{}, bad: len(entries) == 0}
	for i, e := range entries {
		if i > 0 {
			p := entries[i-1]
			v.bad = v.bad || e.Stamp.Before(p.Stamp) || e.Volume < p.Volume
		}
		at := place{e.Volume, e.Data}
		v.data[at] = append(v.data[at], e.Stamp)
		v.meta[e.Meta] = true
	}
	return v
}

// metaRecord tells of a place between records of the metadata.
func (v *verifier) metaRecord(offset int64) { delete(v.meta, offset) }

// record tells of a data record. All entries for it must have its time.
func (v *verifier) record(t pcp.Timestamp, volume int32, offset int64) {
	if len(v.data) == 0 {
		return
	}
	at := place{volume, offset}
	for _, s := range v.data[at] {
		v.bad = v.bad || s != t
	}
	delete(v.data, at)
}

// end tells where a volume ends. Old writers' last entries point there.
func (v *verifier) end(volume int32, offset int64) { delete(v.data, place{volume, offset}) }

// ok reports whether every entry fits.
func (v *verifier) ok() bool { return !v.bad && len(v.data) == 0 && len(v.meta) == 0 }
