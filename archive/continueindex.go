package archive

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/pcp"
)

// surveyIndex reads the index up to where it is whole and matches the data.
func (t *tail) surveyIndex(base string, volumes []Member, m *Member) error {
	name, why := base+".index", fs.ErrNotExist
	if m != nil {
		name = m.Path
		raw, packed, err := readMember(*m, DefaultMaxMetadata)
		if err != nil && !isDamage(err) {
			return err
		}
		if err == nil {
			if err = t.usableIndex(raw); err == nil {
				t.indexKept = !packed
				t.keepIndex(*m, int64(len(raw)))
				return nil
			}
		}
		why = err
	}
	t.recovered = append(t.recovered, Recovery{File: name, Action: RecoveryRebuilt, Err: why})
	return t.makeIndex(volumes)
}

// readMember reads the contents of an index of at most limit bytes.
func readMember(m Member, limit int64) (raw []byte, packed bool, err error) {
	f, err := OpenMember(m, nil)
	if err != nil {
		return nil, false, locate(err, Pos{File: m.Path, Role: m.Role}, 0)
	}
	defer f.Close()
	src := &io.LimitedReader{R: f.From(0), N: limit}
	raw, err = io.ReadAll(src)
	err = cmp.Or(err, tooLong(src, "index", limit))
	return raw, m.Compress != "" || f.Compressed(), f.locate(err, int64(len(raw)))
}

// tooLong returns an error if a part that was read up to a limit goes on.
func tooLong(src *io.LimitedReader, what string, limit int64) error {
	if src.N > 0 {
		return nil
	}
	switch _, err := io.ReadFull(src.R, make([]byte, 1)); {
	case err == nil:
		return &pcp.FormatError{Detail: fmt.Sprintf("%s exceeds %d bytes", what, limit), Err: pcp.ErrLimit}
	case errors.Is(err, io.EOF):
		return nil
	default:
		return err
	}
}

// keepIndex decides what to do with an index of which t.index bytes are usable.
func (t *tail) keepIndex(m Member, size int64) {
	if !t.indexKept {
		t.recovered = append(t.recovered, Recovery{File: m.Path, Action: RecoveryUnpacked, Offset: t.index})
	}
	if cut := size - t.index; cut > 0 {
		each := int64(t.layout.IndexEntrySize())
		t.recovered = append(t.recovered, Recovery{
			File: m.Path, Action: RecoveryCut, Offset: t.index, Bytes: cut, Records: int((cut + each - 1) / each),
			Err: &pcp.FormatError{File: m.Path, Kind: pcp.KindIndex, Offset: t.index, Detail: "entry", Err: pcp.ErrUnfinished},
		})
	}
}

// usableIndex takes the entries of an index with a label of this archive, up to
// the first entry that points past the end of the data.
func (t *tail) usableIndex(raw []byte) error {
	l := t.layout
	if len(raw) < l.HeaderSize {
		return pcp.ErrUnfinished
	}
	h, _, err := decodeHeader(raw[4 : l.HeaderSize-4])
	if err != nil {
		return err
	}
	if h.Version != l.Version || h.Host != t.header.Host || h.Volume != wire.VolumeIndex {
		return pcp.ErrMismatch
	}
	t.index = int64(l.HeaderSize)
	size := l.IndexEntrySize()
	for raw = raw[l.HeaderSize:]; len(raw) >= size; raw = raw[size:] {
		e := decodeIndexEntry(raw[:size], l)
		if e.Volume > t.volume.number || e.Volume == t.in && e.Stamp.After(t.latest) || e.Volume == t.volume.number && !t.volume.ended && e.Data >= t.data {
			break
		}
		t.entries = append(t.entries, e)
		t.index += int64(size)
	}
	return nil
}

// makeIndex creates the entries that an Appender would have written.
func (t *tail) makeIndex(volumes []Member) error {
	rd := resultDecoder{layout: t.layout, want: func(pcp.PMID) bool { return false }}
	for _, m := range volumes {
		_, err := walk(m, 0, plausible(t.layout, t.header.Start), func(f Frame, first bool) error {
			if first {
				return nil
			}
			res, err := rd.decode(f.Payload)
			if err == nil {
				t.maker.Data(res.Stamp, int32(m.Volume), f.Pos.Offset)
			}
			return err
		})
		if err != nil && !isDamage(err) { // a volume of another archive does not enter the index
			return err
		}
	}
	t.entries = t.maker.entries // without Finish, because the archive continues
	return nil
}

// from returns the offset from which to read a volume: that of the last entry of the
// trusted index at which a record begins, or 0.
func (t *tail) from(m Member) int64 {
	if t.trusted == nil || m.Compress != "" {
		return 0
	}
	raw, _, err := readMember(*t.trusted, DefaultMaxMetadata)
	if err != nil || len(raw) < t.layout.HeaderSize {
		return 0
	}
	f, err := OpenMember(m, nil)
	if err != nil {
		return 0
	}
	defer f.Close()
	if frame, err := f.frames(0, leastBuffer).next(); err != nil || f.Compressed() || t.checkLabel(frame, m) != nil {
		return 0
	}
	rd := resultDecoder{layout: t.layout, want: func(pcp.PMID) bool { return false }}
	size := t.layout.IndexEntrySize()
	for n := (len(raw) - t.layout.HeaderSize) / size; n > 0; n-- {
		e := decodeIndexEntry(raw[t.layout.HeaderSize+(n-1)*size:][:size], t.layout)
		if int(e.Volume) != m.Volume || e.Data < int64(t.layout.HeaderSize) {
			continue
		}
		if frame, err := f.frames(e.Data, leastBuffer).next(); err == nil {
			if res, err := rd.decode(frame.Payload); err == nil && res.Stamp == e.Stamp {
				return e.Data
			}
		}
	}
	return 0
}
