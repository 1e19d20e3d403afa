package archive

import (
	"cmp"
	"errors"

	"github.com/pcparchive/pcparchive/pcp"
)

// surveyVolumes finds the last record, and decides whether the last volume can
// be appended to.
func (t *tail) surveyVolumes(volumes []Member) error {
	if err := t.firstLabel(volumes[0]); err != nil {
		return err
	}
	last := volumes[len(volumes)-1]
	t.last, t.in = t.header.Start, -1
	for i := len(volumes) - 1; i >= 0; i-- {
		m := volumes[i]
		v, err := t.scan(m)
		err = cmp.Or(err, v.damage)
		if err != nil && !isDamage(err) {
			return err
		}
		switch {
		case i < len(volumes)-1:
		case err == nil && !v.packed:
			t.data, t.lastStart = v.end, v.lastStart
			t.volume = volume{records: v.records, start: v.first}
			t.torn(m, v.walked)
		default:
			t.volume = volume{records: 1, ended: true, before: m.Size}
			if err = errors.Join(err, v.torn); err != nil {
				t.leave(m.Path, v.end, left(m, v.walked), err)
			}
		}
		if v.records > 0 {
			t.last, t.gap = v.last.Add(0), !v.mark // Add normalises the time
			t.in, t.latest = int32(m.Volume), v.latest
			break
		}
	}
	t.volume.number = int32(last.Volume)
	for _, m := range volumes[:len(volumes)-1] {
		t.volume.before += m.Size
		if m.Compress == "" {
			t.plain = append(t.plain, m)
		}
	}
	return nil
}

// isDamage reports whether err is damage of a file and not a failure to read
// it.
func isDamage(err error) bool {
	var damage *pcp.FormatError
	return errors.As(err, &damage)
}

// scanned is the result of reading a volume.
type scanned struct {
	walked
	records     int
	first, last pcp.Timestamp
	latest      pcp.Timestamp
	lastStart   int64
	mark        bool // the last record is a mark
}

// scan reads the readable records of a volume.
func (t *tail) scan(m Member) (v scanned, err error) {
	rd := resultDecoder{layout: t.layout, want: func(pcp.PMID) bool { return false }}
	v.walked, err = walk(m, t.from(m), plausible(t.layout, t.header.Start), func(f Frame, first bool) error {
		if first {
			return t.checkLabel(f, m)
		}
		res, err := rd.decode(f.Payload)
		if err != nil {
			return err
		}
		if v.records == 0 {
			v.first = res.Stamp
		}
		if v.records == 0 || res.Stamp.After(v.latest) {
			v.latest = res.Stamp
		}
		v.records++
		v.last, v.lastStart = res.Stamp, f.Pos.Offset
		v.mark = len(f.Payload) == t.layout.StampSize+4 // a mark consists of a stamp and the count of zero metrics
		return nil
	})
	return v, err
}

// checkLabel rejects a volume of another archive.
func (t *tail) checkLabel(f Frame, m Member) error {
	h, _, err := decodeHeader(f.Payload)
	if err != nil {
		return err
	}
	if h.Version != t.header.Version || h.Host != t.header.Host || h.PID != t.header.PID || int(h.Volume) != m.Volume {
		return &pcp.FormatError{Kind: pcp.KindHeader, Detail: "of another archive", Err: pcp.ErrMismatch}
	}
	return nil
}

// firstLabel takes the label of the first volume as that of the archive.
// Readers reject an archive whose metadata belongs to another one.
func (t *tail) firstLabel(m Member) error {
	_, err := walk(m, 0, nil, func(f Frame, first bool) error {
		if !first {
			return errStop
		}
		if err := t.checkLabel(f, m); err != nil {
			return err
		}
		h, _, err := decodeHeader(f.Payload)
		if err == nil {
			t.header.Start = h.Start
		}
		return err
	})
	if errors.Is(err, errStop) || isDamage(err) && !errors.Is(err, pcp.ErrMismatch) {
		return nil
	}
	return err
}
