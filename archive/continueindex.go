package archive

import (
	"os"

	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/pcp"
)

// surveyIndex reads the index up to where it is whole and fits the data.
func (t *tail) surveyIndex(volumes []Member, m *Member) error {
	if m != nil {
		raw, err := os.ReadFile(m.Path)
		if err != nil {
			return err
		}
		if t.usableIndex(raw) {
			return nil
		}
	}
	return t.makeIndex(volumes)
}

// usableIndex takes the entries of an index with a label of this archive, up to
// the first that points past the end.
func (t *tail) usableIndex(raw []byte) bool {
	l := t.layout
	if len(raw) < l.HeaderSize {
		return false
	}
	h, _, err := decodeHeader(raw[4 : l.HeaderSize-4])
	if err != nil || h.Version != l.Version || h.Host != t.header.Host || h.Volume != wire.VolumeIndex {
		return false
	}
	t.index = int64(l.HeaderSize)
	size := l.IndexEntrySize()
	for raw = raw[l.HeaderSize:]; len(raw) >= size; raw = raw[size:] {
		e := decodeIndexEntry(raw[:size], l)
		if e.Volume > t.volume.number || e.Stamp.After(t.last) || e.Volume == t.volume.number && !t.volume.ended && e.Data >= t.data {
			break
		}
		t.entries = append(t.entries, e)
		t.index += int64(size)
	}
	return true
}

// makeIndex makes the entries that the reference's rule asks for, apart from
// those for changes of instance domains.
func (t *tail) makeIndex(volumes []Member) error {
	rd := resultDecoder{layout: t.layout, want: func(pcp.PMID) bool { return false }}
	for _, m := range volumes {
		_, err := walk(m, func(f Frame, first bool) error {
			if first {
				return nil
			}
			res, err := rd.decode(f.Payload)
			if err != nil {
				return err
			}
			t.indexed(IndexEntry{Stamp: res.Stamp, Volume: int32(m.Volume), Meta: int64(t.layout.HeaderSize), Data: f.Pos.Offset})
			return nil
		})
		if err != nil && !isDamage(err) { // what is damaged is indexed as far as it goes
			return err
		}
	}
	return nil
}

// indexed adds an entry if there is to be one for its record.
func (t *tail) indexed(e IndexEntry) {
	last := t.lastEntry()
	switch {
	case len(t.entries) > 0 && !e.Stamp.After(last.Stamp):
	case len(t.entries) == 0, e.Volume != last.Volume, e.Data-last.Data > indexEvery:
		t.entries = append(t.entries, e)
	}
}
