package archive

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/pcparchive/pcparchive/pcp"
)

// loadIndex reads the index. The index is only a hint: loadIndex reports an
// unusable one as a warning and ignores it.
func (r *Reader) loadIndex() (err error) {
	r.entries, err = r.readIndex()
	r.hints = r.entries
	if err == nil && !r.opts.Strict { // PCP does not check this
		if err = r.misleading(r.entries); err != nil {
			r.hints = nil
		}
	}
	if err == nil || r.opts.Strict || !isDamage(err) {
		return err
	}
	r.warn(&Damage{File: r.index.Path, Bytes: -1, Next: -1, Err: err, Unused: true})
	return nil
}

// readIndex reads the whole entries of the index. Like PCP it drops a partial
// entry at the end. It also drops everything after damage in compressed data,
// and adds a warning.
func (r *Reader) readIndex() ([]IndexEntry, error) {
	f, frames, err := r.openAt(*r.index)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	h, _, err := decodeHeader(frames.peekLabel())
	if err != nil {
		return nil, err
	}
	if err := frames.notEmpty(); err != nil {
		return nil, err
	}
	src := &io.LimitedReader{R: f.From(int64(r.layout.HeaderSize)), N: math.MaxInt64}
	if f.Compressed() {
		src.N = r.opts.MaxMetadata
	}
	entries, err := readIndex(src, r.layout, f.Size)
	if err = cmp.Or(err, tooLong(src, "index", r.opts.MaxMetadata)); err != nil {
		at := r.layout.HeaderSize + len(entries)*r.layout.IndexEntrySize()
		if err = f.locate(err, int64(at)); !isDamage(err) {
			return nil, err
		}
		r.warn(&Damage{File: f.Path, Offset: int64(at), Bytes: -1, Next: -1, Err: err})
	}
	if len(entries) > 0 && h.Start != r.header.Start && entries[0].Stamp.Sub(r.header.Start).Abs() > time.Second {
		return nil, mismatch(f.Path, "start", h.Start, r.header.Start)
	}
	return entries, nil
}

// misleading returns an error for index entries that no writer stores.
func (r *Reader) misleading(entries []IndexEntry) error {
	size := int64(r.layout.IndexEntrySize())
	for i, e := range entries {
		what := ""
		switch {
		case !possible(e.Stamp):
			what = "time " + e.Stamp.String()
		case e.Volume < 0:
			what = fmt.Sprintf("volume %d", e.Volume)
		case e.Data < int64(r.layout.HeaderSize) || e.Meta < int64(r.layout.HeaderSize):
			what = fmt.Sprintf("offsets %d and %d", e.Meta, e.Data)
		case i > 0 && entries[i-1].Stamp.Sub(e.Stamp) > time.Second: // tolerate a clock set back by a little
			what = fmt.Sprintf("time %s after %s", e.Stamp, entries[i-1].Stamp)
		case i > 0 && e.Volume < entries[i-1].Volume:
			what = fmt.Sprintf("volume %d after %d", e.Volume, entries[i-1].Volume)
		case i > 0 && e.Volume == entries[i-1].Volume && e.Data < entries[i-1].Data:
			what = fmt.Sprintf("data offset %d after %d", e.Data, entries[i-1].Data)
		}
		if what != "" {
			return &pcp.FormatError{
				File: r.index.Path, Kind: pcp.KindIndex, Offset: int64(r.layout.HeaderSize) + int64(i)*size,
				Detail: what, Err: pcp.ErrRange,
			}
		}
	}
	return nil
}
