package rewrite

import (
	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/pcp"
)

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
