package dump

import (
	"errors"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/pcp"
)

// errNoEnd reports that the end of an archive is unknown.
var errNoEnd = errors.New("cannot locate the end of the archive: its last volume is damaged")

// wholeIndex returns the index of an archive, nil if an entry is damaged. Pmdumplog does
// not leave out a damaged entry, and a listing equals that of pmdumplog.
func wholeIndex(r *archive.Reader) []archive.IndexEntry {
	if len(r.Hints()) < len(r.Index()) {
		return nil
	}
	return r.Hints()
}

// findEnd returns the time of the last record as pmdumplog finds it. It tries the
// volumes from the highest number down. In a volume that does not end with a whole
// record, it takes the last whole record after the volume's last index entry.
func (w *walker) findEnd(entries []archive.IndexEntry) (pcp.Timestamp, error) {
	for i := len(w.vols) - 1; i >= 0; i-- {
		if err := w.openVolume(i); err != nil || w.src.Size() <= w.headerSize {
			continue
		}
		w.off = w.src.Size()
		if _, res, err := w.step(true); err == nil {
			return res.Stamp, nil
		}
		if t, ok := w.lastAfterIndex(entries, i); ok {
			return t, nil
		}
	}
	return pcp.Timestamp{}, errNoEnd
}

// lastAfterIndex reads volume i from its last index entry on and returns the time of
// the last whole record.
func (w *walker) lastAfterIndex(entries []archive.IndexEntry, i int) (t pcp.Timestamp, ok bool) {
	for k := len(entries) - 1; k >= 0; k-- {
		e := entries[k]
		if int(e.Volume) != w.vols[i].Volume || e.Data > w.src.Size() {
			continue
		}
		w.off = e.Data
		for {
			_, res, err := w.step(false)
			if err != nil || w.at != i {
				return t, ok
			}
			t, ok = res.Stamp, true
		}
	}
	return t, false
}
