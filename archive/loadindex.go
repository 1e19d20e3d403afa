package archive

import (
	"cmp"
	"io"
	"math"
	"time"
)

// loadIndex reads the index. The index is only a hint: loadIndex reports an
// unusable one, and damaged entries, as warnings and ignores them.
func (r *Reader) loadIndex() (err error) {
	r.entries, err = r.readIndex()
	r.hints = r.entries
	if err == nil && !r.opts.Strict { // PCP does not check this
		r.hints, err = r.soundEntries(r.entries)
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
	f, err := r.open(*r.index)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	h, label, err := r.readLabel(f.frames(0, leastBuffer), *r.index)
	if err != nil {
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
	switch {
	case h != nil && h.Start != r.header.Start && len(entries) > 0 && entries[0].Stamp.Sub(r.header.Start).Abs() > time.Second:
		return nil, mismatch(f.Path, "start", h.Start, r.header.Start)
	case label != nil && (len(entries) == 0 || !r.ascend(entries)):
		return nil, label
	case label != nil:
		r.warn(&Damage{File: f.Path, Next: -1, Err: label})
	}
	return entries, nil
}
