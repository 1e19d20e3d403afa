package retention

import (
	"encoding/binary"
	"io"
	"maps"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/pcp"
)

// known is the end of an archive as long as its last file does not change.
type known struct {
	meta, index int64 // lengths, which stay when a volume is compressed
	end         time.Time
}

// endOf returns the time of the last record of an archive.
func (c *Culler) endOf(one *found) time.Time {
	var k known
	for _, f := range one.files {
		switch f.role {
		case archive.RoleMeta:
			k.meta += f.length
		case archive.RoleIndex:
			k.index += f.length
		}
	}
	if have, ok := c.ends[one.base]; ok && have.meta == k.meta && have.index == k.index {
		return have.end
	}
	k.end = c.readEnd(one)
	c.ends[one.base] = k
	return k.end
}

// forgetGone drops what is known about archives that are gone.
func (c *Culler) forgetGone(byBase map[string]*found) {
	gone := func(base string) bool { return byBase[base] == nil }
	maps.DeleteFunc(c.ends, func(base string, _ known) bool { return gone(base) })
	maps.DeleteFunc(c.alone, func(base string, _ time.Time) bool { return gone(base) })
}

// readEnd reads the time of the last record: from the last entry of the index if that stands
// for the last record, as it does when an Appender was closed, or else from the archive. If the archive cannot be read, the
// beginning of any of its files, or the time of its files, stands for it.
func (c *Culler) readEnd(one *found) time.Time {
	latest := c.now().Add(time.Hour) // later times are not plausible
	start := c.start(one)
	for _, f := range one.files {
		if f.role != archive.RoleIndex {
			continue
		}
		e, ok := lastEntry(f)
		if end := e.Stamp.Time(); ok && !start.IsZero() && !end.Before(start) && end.Before(latest) && one.endsWith(e) {
			return end
		}
	}
	if r, err := archive.Open(one.base, nil); err == nil {
		if end, err := r.End(); err == nil {
			return end.Time()
		}
	}
	if !start.IsZero() {
		return start
	}
	return modified(one)
}

// start returns the time at which an archive begins; zero if no file says it.
func (c *Culler) start(one *found) time.Time {
	for i := len(one.files) - 1; i >= 0; i-- {
		if h, err := label(one.files[i].path); err == nil {
			return h.Start.Time()
		}
	}
	return time.Time{}
}

// label reads the label of a plain file.
func label(path string) (*archive.Header, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	frame := make([]byte, archive.MaxHeaderSize())
	n, err := io.ReadFull(f, frame)
	if n < 8 {
		return nil, err
	}
	end := int64(binary.BigEndian.Uint32(frame)) - 4 // the length comes again after the payload
	if end < 4 || end > int64(n) {
		return nil, pcp.ErrTruncated
	}
	return archive.DecodeHeader(frame[4:end])
}

// lastEntry returns the last entry of a plain index.
func lastEntry(index file) (e archive.IndexEntry, ok bool) {
	h, err := label(index.path)
	if err != nil {
		return e, false
	}
	header, entry := archive.HeaderSize(h.Version), archive.IndexEntrySize(h.Version)
	if index.length < header+entry || (index.length-header)%entry != 0 {
		return e, false
	}
	raw := make([]byte, entry)
	if readAt(index.path, raw, index.length-entry) != nil {
		return e, false
	}
	e, err = archive.DecodeIndexEntry(raw, h.Version)
	return e, err == nil
}

// endsWith reports whether the last record is that of an index entry. A volume that is
// compressed is complete.
func (f *found) endsWith(e archive.IndexEntry) bool {
	last := f.files[0]
	for _, v := range f.files {
		if v.role == archive.RoleData && (last.role != archive.RoleData || v.volume >= last.volume) {
			last = v
		}
	}
	if last.role != archive.RoleData || last.volume != int(e.Volume) {
		return false
	}
	if !strings.HasSuffix(last.path, "."+strconv.Itoa(last.volume)) {
		return true
	}
	var length [4]byte
	err := readAt(last.path, length[:], e.Data)
	return err == nil && e.Data+int64(binary.BigEndian.Uint32(length[:])) == last.length
}

func readAt(path string, b []byte, at int64) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.ReadAt(b, at)
	return err
}

// modified returns the latest time at which a file of an archive changed.
func modified(one *found) (latest time.Time) {
	for _, f := range one.files {
		if info, err := os.Stat(f.path); err == nil && info.ModTime().After(latest) {
			latest = info.ModTime()
		}
	}
	return latest
}
