package archive

import (
	"io"
	"sort"

	"github.com/pcparchive/pcparchive/internal/eof"
	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/pcp"
)

// IndexEntry is an entry of the temporal index. It points to the record with
// the given time and to the metadata written just before that record.
//
//	stamp | volume 4 | metadata offset | data offset
//
// Offsets take 4 bytes in version 2 and 8 in version 3.
type IndexEntry struct {
	Stamp  pcp.Timestamp
	Volume int32
	Meta   int64 // in the metadata file
	Data   int64 // in the volume
}

// Kind returns pcp.KindIndex.
func (*IndexEntry) Kind() pcp.Kind { return pcp.KindIndex }

func decodeIndexEntry(b []byte, l *wire.Layout) IndexEntry {
	d := wire.NewDec(pcp.KindIndex, b)
	return IndexEntry{Stamp: l.Stamp(&d), Volume: d.I32(), Meta: l.Offset(&d), Data: l.Offset(&d)}
}

func appendIndexEntry(b []byte, l *wire.Layout, e IndexEntry) []byte {
	b = l.AppendStamp(b, e.Stamp)
	b = wire.AppendU32(b, uint32(e.Volume))
	b = l.AppendOffset(b, e.Meta)
	return l.AppendOffset(b, e.Data)
}

// mostIndex is the size of the index for which memory is taken at once.
const mostIndex = 4 << 20

// readIndex reads whole entries up to the end or an error. The file has about size bytes.
func readIndex(r io.Reader, l *wire.Layout, size int64) (entries []IndexEntry, err error) {
	entries = make([]IndexEntry, 0, min(size, mostIndex)/int64(l.IndexEntrySize()))
	buf := make([]byte, 0, 512*l.IndexEntrySize())
	for {
		n, err := io.ReadFull(r, buf[:cap(buf)])
		for raw := buf[:n]; len(raw) >= l.IndexEntrySize(); raw = raw[l.IndexEntrySize():] {
			entries = append(entries, decodeIndexEntry(raw, l))
		}
		if eof.Is(err) {
			return entries, nil
		}
		if err != nil {
			return entries, err
		}
	}
}

// seekHint returns the last entry that is earlier than t and for which has
// returns true. An index may be wrong, so the caller must verify that a record
// begins there.
func seekHint(entries []IndexEntry, t pcp.Timestamp, has func(volume int32, offset int64) bool) (IndexEntry, bool) {
	i := sort.Search(len(entries), func(i int) bool { return !entries[i].Stamp.Before(t) })
	for i--; i >= 0; i-- {
		if e := entries[i]; has(e.Volume, e.Data) {
			return e, true
		}
	}
	return IndexEntry{}, false
}
