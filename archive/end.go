package archive

import (
	"encoding/binary"
	"errors"
	"io"

	"github.com/pcparchive/pcparchive/pcp"
)

// End returns the time of the last whole record that reading forward reaches:
// where a volume is damaged, of the last before the damage.
func (r *Reader) End() (pcp.Timestamp, error) {
	for i := len(r.volumes) - 1; i >= 0; i-- {
		t, ok, err := r.lastStamp(r.volumes[i])
		if err != nil {
			return pcp.Timestamp{}, err
		}
		if ok {
			return t, nil
		}
	}
	return r.header.Start, nil
}

// Ending is End for those who would rather not decompress a volume to know: if
// the last volume is compressed, thus complete, and the index has entries for it,
// the last of them is believed. Records may follow it, as a rule within a second.
func (r *Reader) Ending() (pcp.Timestamp, error) {
	if t, ok := r.indexEnd(); ok {
		return t, nil
	}
	return r.End()
}

// indexEnd returns the last time in the index if that is to be believed.
func (r *Reader) indexEnd() (t pcp.Timestamp, ok bool) {
	if len(r.entries) == 0 {
		return t, false
	}
	last, volume := r.entries[len(r.entries)-1], r.volumes[len(r.volumes)-1]
	return last.Stamp, volume.Compress != "" && int(last.Volume) == volume.Volume
}

// lastStamp returns the time of a volume's last whole record; ok is false if
// the volume has none.
func (r *Reader) lastStamp(m Member) (t pcp.Timestamp, ok bool, err error) {
	f, frames, err := r.openVolume(m, leastBuffer)
	if err != nil || f == nil {
		return t, false, err
	}
	defer f.Close()
	if t, ok := r.stampBefore(f); ok {
		return t, true, nil
	}
	// The volume does not end with a whole record, or where it ends is not
	// known: walk up to where it stops.
	frames = f.frames(frames.pos.Offset+int64(frames.last), readBuffer)
	if from, ok := r.lastEntry(f); ok {
		frames = f.frames(from, readBuffer)
	}
	rd := resultDecoder{layout: r.layout, want: func(pcp.PMID) bool { return false }}
	for {
		frame, err := frames.next()
		var res *Result
		if err == nil {
			res, err = rd.decode(frame.Payload)
		}
		var damage *pcp.FormatError
		if errors.Is(err, io.EOF) || errors.As(err, &damage) {
			return t, ok, nil // who reads on is told of the damage
		}
		if err != nil {
			return t, ok, err
		}
		t, ok = res.Stamp, true
	}
}

// lastEntry returns the last place in a volume at which the index says and it
// is true that a record begins.
func (r *Reader) lastEntry(f *File) (offset int64, ok bool) {
	if !f.d.Seekable() {
		return 0, false
	}
	e, ok := seekHint(r.entries, pcp.MaxTime, func(volume int32, offset int64) bool {
		if int(volume) != f.Volume || offset < int64(r.layout.HeaderSize) {
			return false
		}
		frame, err := f.frames(offset, leastBuffer).next()
		if err != nil {
			return false
		}
		rd := resultDecoder{layout: r.layout}
		_, err = rd.decode(frame.Payload)
		return err == nil
	})
	return e.Data, ok
}

// stampBefore reads the last record of a file from its end, by its trailer.
func (r *Reader) stampBefore(f *File) (t pcp.Timestamp, ok bool) {
	size, ok := f.Length()
	if !ok {
		return t, false
	}
	word := make([]byte, 4)
	if _, err := f.ReadAt(word, size-4); err != nil {
		return t, false
	}
	n := int64(binary.BigEndian.Uint32(word))
	start := size - n
	if n < int64(8+r.layout.StampSize+4) || start < int64(r.layout.HeaderSize) {
		return t, false
	}
	frame, err := f.frames(start, leastBuffer).next()
	if err != nil {
		return t, false
	}
	rd := resultDecoder{layout: r.layout}
	res, err := rd.decode(frame.Payload)
	if err != nil {
		return t, false
	}
	return res.Stamp, true
}
