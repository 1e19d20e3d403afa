package dump

import (
	"errors"
	"io"
	"slices"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// Text lists an archive in the form of the reference's pmdumplog. An error says
// what could not be read or written; what precedes it was printed.
func Text(w io.Writer, r *archive.Reader, o *Options) error {
	d, err := newDumper(w, r, o)
	if err != nil {
		return err
	}
	defer d.walk.close()
	err = d.sections()
	for _, damage := range d.walk.faults {
		d.fault(damage)
	}
	d.unsaid()
	return errors.Join(err, d.flush(), d.faults)
}

// unsaid notes the damage of labels and of the index, to which a listing does not
// come.
func (d *dumper) unsaid() {
	for _, err := range d.r.Warnings() {
		var fe *pcp.FormatError
		lost := damageOf(err)
		if lost == nil || !errors.As(err, &fe) || lost.Offset > 0 && fe.Kind != pcp.KindIndex {
			continue
		}
		if !slices.Contains(d.said, lost.Error()) {
			d.fault(lost)
		}
	}
}

// fault notes damage that does not end the listing but makes it fail.
func (d *dumper) fault(err error) {
	d.faults = errors.Join(d.faults, err)
	d.said = append(d.said, err.Error())
}

// dumper prints one archive. What it prints collects in buf.
type dumper struct {
	r      *archive.Reader
	o      *Options
	w      io.Writer
	buf    []byte
	err    error // of w
	faults error // what makes the listing fail although it goes on
	said   []string
	clock  *clock
	store  *meta.Store
	walk   *walker
	names  *namespace

	end    pcp.Timestamp
	endErr error

	metrics map[pcp.PMID]*metric
	params  map[pcp.PMID]*metric  // of events
	recent  []*metric             // by position in the record before
	want    map[pcp.PMID]struct{} // nil: every metric
	mark    bool                  // the record at hand is a mark
}

const bufferSize = 64 << 10

func newDumper(w io.Writer, r *archive.Reader, o *Options) (*dumper, error) {
	h := r.Header()
	d := &dumper{
		r: r, o: o, w: w, clock: newClock(o, h.Start, h.Version), store: r.Meta(),
		buf: make([]byte, 0, bufferSize+bufferSize/4), metrics: map[pcp.PMID]*metric{},
		params: map[pcp.PMID]*metric{},
	}
	var err error
	if d.walk, err = newWalker(r, o.Reverse); err != nil {
		return nil, err
	}
	d.names = d.namespace()
	return d, d.choose()
}

// sections prints what is asked for, in the reference's order.
func (d *dumper) sections() error {
	if d.o.has(Label) || d.o.Reverse && d.o.has(Metrics) {
		d.end, d.endErr = d.walk.findEnd(d.r.Hints())
		if d.endErr != nil {
			d.o.warn(d.endErr)
		}
	}
	for _, part := range []struct {
		when  Section
		print func() error
	}{
		{Label, d.label}, {Descs, d.descs}, {LabelSets, d.labelSets}, {HelpText, d.helpText},
		{DiskInDoms, d.diskInDoms}, {InDoms, d.inDoms}, {Index, d.index}, {Metrics, d.records},
	} {
		if !d.o.has(part.when) {
			continue
		}
		if err := part.print(); err != nil {
			return err
		}
		if d.err != nil {
			return d.err
		}
	}
	return nil
}

// flush writes what has collected.
func (d *dumper) flush() error {
	if d.err == nil && len(d.buf) > 0 {
		_, d.err = d.w.Write(d.buf)
	}
	d.buf = d.buf[:0]
	return d.err
}

// spill writes what has collected if it is much.
func (d *dumper) spill() {
	if len(d.buf) >= bufferSize {
		_ = d.flush() // kept in d.err
	}
}

// title begins a section.
func (d *dumper) title(text string) {
	d.buf = append(append(append(d.buf, '\n'), text...), '\n')
}
