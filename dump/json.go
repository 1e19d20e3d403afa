package dump

import (
	"encoding/json"
	"errors"
	"io"
	"math"
	"slices"
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/safetext"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// JSON writes every record of an archive as a JSON object with all its fields and its
// position. It writes one array or, if lines is true, one object a line. The records
// come file by file (metadata, index, volumes) in the order stored.
//
// Sections select kinds of records; zero selects all. From, To and Names select data
// records. Reverse, Dates and Zone have no effect. Damage appears as an object of kind
// damage. JSON also returns all damage as one error after the last record.
func JSON(w io.Writer, r *archive.Reader, o *Options, lines bool) error {
	d := &jsonDumper{r: r, o: o, w: w, lines: lines, store: r.Meta()}
	d.wanted = namesFilter(r, o)
	var volumes []archive.Member
	for _, m := range r.Members() {
		switch m.Role {
		case archive.RoleMeta:
			d.meta(m)
		case archive.RoleIndex:
			d.index(m)
		case archive.RoleData:
			volumes = append(volumes, m)
		}
	}
	d.volumes(volumes)
	return errors.Join(d.finish(), d.faults)
}

// jsonDumper writes the records of one archive.
type jsonDumper struct {
	r      *archive.Reader
	o      *Options
	w      io.Writer
	lines  bool // one object a line instead of an array
	store  *meta.Store
	wanted func(*meta.Desc) bool // selects metrics; nil means all
	buf    []byte                // text to write
	any    bool                  // an object was written
	err    error                 // the first error of w
	faults error                 // damage that was read
}

// jsonHead holds the first fields of every object.
type jsonHead struct {
	Kind   string `json:"kind"`
	File   string `json:"file"`
	Offset int64  `json:"offset"`
	Size   int64  `json:"size"`
}

// jsonTime is a time in two forms: as text and as exact numbers.
type jsonTime struct {
	Time string `json:"time"`
	Sec  int64  `json:"sec"`
	Nsec int32  `json:"nsec"`
}

func timeOf(t pcp.Timestamp) jsonTime {
	return jsonTime{t.Time().Format(time.RFC3339Nano), t.Sec, t.Nsec}
}

// jsonDamage is an object for a stretch of a file that could not be read.
type jsonDamage struct {
	jsonHead
	Error string `json:"error"`
}

// has reports whether the records of a section are selected.
func (d *jsonDumper) has(s Section) bool { return d.o.Sections == 0 || d.o.has(s) }

// namesFilter returns a function that selects metrics by Options.Names, or nil for all.
func namesFilter(r *archive.Reader, o *Options) func(*meta.Desc) bool {
	if len(o.Names) == 0 {
		return nil
	}
	for _, name := range o.Names {
		if !anyMatches(r, name) {
			o.warn(unknownMetric(name))
		}
	}
	return func(desc *meta.Desc) bool {
		return slices.ContainsFunc(o.Names, func(name string) bool { return hasName(desc, name) })
	}
}

// hasName reports whether a metric has the given name or is in the subtree of that name.
func hasName(desc *meta.Desc, name string) bool {
	return slices.ContainsFunc(desc.Names, func(own string) bool { return meta.Matches(own, name) })
}

// anyMatches reports whether any metric of the archive has the given name.
func anyMatches(r *archive.Reader, name string) bool {
	for desc := range r.Meta().Metrics() {
		if hasName(desc, name) {
			return true
		}
	}
	return false
}

// put writes an object.
func (d *jsonDumper) put(v any) {
	if d.err != nil {
		return
	}
	text, err := safetext.MarshalHTML(v)
	if err != nil {
		d.err = err
		return
	}
	switch {
	case d.lines:
	case d.any:
		d.buf = append(d.buf, ",\n"...)
	default:
		d.buf = append(d.buf, "[\n"...)
	}
	d.any = true
	d.buf = append(d.buf, text...)
	if d.lines {
		d.buf = append(d.buf, '\n')
	}
	if len(d.buf) >= bufferSize {
		_, d.err = d.w.Write(d.buf)
		d.buf = d.buf[:0]
	}
}

// finish ends the array and writes the remaining text.
func (d *jsonDumper) finish() error {
	switch {
	case d.lines:
	case d.any:
		d.buf = append(d.buf, "\n]\n"...)
	default:
		d.buf = append(d.buf, "[]\n"...)
	}
	if d.err == nil {
		_, d.err = d.w.Write(d.buf)
	}
	return d.err
}

// damage writes an object for damage of a file and adds it to faults. offset counts if
// err does not name one.
func (d *jsonDumper) damage(m archive.Member, offset int64, err error) {
	size := int64(0)
	var fe *pcp.FormatError
	if lost := damageOf(err); lost != nil {
		offset, size = lost.Offset, max(0, lost.Bytes)
	} else if errors.As(err, &fe) {
		offset = fe.Offset
	}
	d.put(jsonDamage{jsonHead{"damage", m.Path, offset, size}, err.Error()})
	d.faults = errors.Join(d.faults, err)
}

// damageOf returns the damage that err wraps, or nil.
func damageOf(err error) (d *archive.Damage) {
	if errors.As(err, &d) {
		return d
	}
	return nil
}

// number returns f as JSON. NaN and infinities become strings.
func number(f float64, bits int) json.RawMessage {
	switch {
	case math.IsNaN(f):
		return json.RawMessage(`"NaN"`)
	case math.IsInf(f, 1):
		return json.RawMessage(`"+Inf"`)
	case math.IsInf(f, -1):
		return json.RawMessage(`"-Inf"`)
	}
	return appendShortest(nil, f, bits)
}
