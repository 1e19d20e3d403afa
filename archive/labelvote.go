package archive

import (
	"errors"

	"github.com/pcparchive/pcparchive/pcp"
)

// labelField is a field that the labels of all files of an archive have in common and a reader
// uses.
type labelField struct {
	name string
	get  func(h *Header) any
	set  func(h, from *Header)
}

var labelFields = []labelField{
	{"host", func(h *Header) any { return h.Host }, func(h, from *Header) { h.Host = from.Host }},
	{"PID", func(h *Header) any { return h.PID }, func(h, from *Header) { h.PID = from.PID }},
	{"start", func(h *Header) any { return h.Start }, func(h, from *Header) { h.Start = from.Start }},
	{"time zone", func(h *Header) any { return h.Zone }, func(h, from *Header) { h.Zone = from.Zone }},
	{"zoneinfo", func(h *Header) any { return h.ZoneInfo }, func(h, from *Header) { h.ZoneInfo = from.ZoneInfo }},
}

// identifying is the number of labelFields that tell archives apart, the first ones.
const identifying = 3

// mostVoters is the number of files whose labels are compared.
const mostVoters = 5

// differing returns the fields in which two labels differ. A single one may be damage. Labels
// that differ in several are those of two archives.
func differing(a, b *Header) (fields []labelField) {
	for _, f := range labelFields {
		if f.get(a) != f.get(b) {
			fields = append(fields, f)
		}
	}
	return fields
}

// mendLabel replaces a damaged field of the archive's label while the archive is opened. The
// label of another file, h, shows the damage, and most labels agree with h.
func (r *Reader) mendLabel(h *Header) {
	if r.opened || r.opts.Strict || h.Version != r.header.Version {
		return
	}
	fields := differing(h, r.header)
	if len(fields) != 1 {
		return
	}
	field, own, others := fields[0], 0, 0
	members := r.Members()
	for _, m := range members[:min(len(members), mostVoters)] {
		l, err := r.labelOf(m)
		switch {
		case err != nil:
		case field.get(l) == field.get(r.header):
			own++
		case len(differing(l, h)) == 0:
			others++
		}
	}
	if others > own || others == own && field.name == "start" && r.nearer(h.Start) {
		r.warn(&Damage{File: r.volumes[0].Path, Next: -1, Err: mismatch(r.volumes[0].Path, field.name, field.get(r.header), field.get(h))})
		mended := *r.header
		field.set(&mended, h)
		r.header = &mended
	}
}

// nearer reports whether the first record is nearer to a time than to the start in the label.
func (r *Reader) nearer(t pcp.Timestamp) bool {
	return r.first != nil && r.first.Sub(t).Abs() < r.first.Sub(r.header.Start).Abs()
}

// labelOf returns the label of a file.
func (r *Reader) labelOf(m Member) (*Header, error) {
	f, err := r.open(m)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.label()
}

// readLabel reads the label of the metadata or the index. It returns the damage that costs
// the label alone, and why the file cannot be used. h is nil if the label cannot be read.
func (r *Reader) readLabel(frames *frameReader, m Member) (h *Header, damage, fatal error) {
	err := r.checkHeader(frames, m.Role, m.LabelVolume())
	if err == nil || otherField(err) != "" {
		h, _, _ = decodeHeader(frames.peekLabel())
	}
	if err == nil {
		err = frames.notEmpty()
	}
	field := otherField(err)
	switch {
	case err != nil && (r.opts.Strict || !isDamage(err) || errors.Is(err, ErrNoData) || field == "version" || field != "" && r.foreign(h)):
		return h, nil, err
	case err != nil:
		return h, err, nil
	}
	if fields := differing(h, r.header); len(fields) == 1 && h.Start.Sec != 0 && !r.opts.Strict {
		return h, mismatch(frames.pos.File, fields[0].name, fields[0].get(h), fields[0].get(r.header)), nil
	}
	return h, nil, nil
}

// foreign reports whether a label belongs to another archive: host, process and start tell
// archives apart.
func (r *Reader) foreign(h *Header) bool {
	n := 0
	for _, f := range labelFields[:identifying] {
		if f.get(h) != f.get(r.header) {
			n++
		}
	}
	return n > 1
}
