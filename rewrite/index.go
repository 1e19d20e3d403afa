package rewrite

import (
	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/pcp"
)

// recordPlace is the position of a data record.
type recordPlace struct {
	volume int32
	offset int64
}

// verifier checks that every entry of an index points at a record of its time.
type verifier struct {
	data map[recordPlace][]pcp.Timestamp // times of the entries for each position
	meta map[int64]bool                  // positions in the metadata that entries point at
	bad  bool                            // an entry is wrong
}

func newVerifier(entries []archive.IndexEntry) *verifier {
	v := &verifier{data: map[recordPlace][]pcp.Timestamp{}, meta: map[int64]bool{}, bad: len(entries) == 0}
	for i, e := range entries {
		if i > 0 {
			p := entries[i-1]
			v.bad = v.bad || e.Stamp.Before(p.Stamp) || e.Volume < p.Volume
		}
		at := recordPlace{e.Volume, e.Data}
		v.data[at] = append(v.data[at], e.Stamp)
		v.meta[e.Meta] = true
	}
	return v
}

// metaRecord accepts pointers at an offset between metadata records.
func (v *verifier) metaRecord(offset int64) { delete(v.meta, offset) }

// record accepts pointers at a data record. All entries for it must have its time.
func (v *verifier) record(t pcp.Timestamp, volume int32, offset int64) {
	if len(v.data) == 0 {
		return
	}
	at := recordPlace{volume, offset}
	for _, s := range v.data[at] {
		v.bad = v.bad || s != t
	}
	delete(v.data, at)
}

// end accepts pointers at the end of a volume: the last entries of old writers.
func (v *verifier) end(volume int32, offset int64) { delete(v.data, recordPlace{volume, offset}) }

// ok reports whether every entry is right.
func (v *verifier) ok() bool { return !v.bad && len(v.data) == 0 && len(v.meta) == 0 }
