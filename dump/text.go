package dump

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// Text lists an archive in the form of pmdumplog. The error names
// everything that could not be read or written; Text prints the rest.
func Text(w io.Writer, r *archive.Reader, o *Options) error {
	return Archives(w, []*archive.Reader{r}, o)
}

// Archives lists the archives of one host as one, as release 7.2 lists a
// multi-archive context. The first line has the number of archives. A line
// `--- archive NAME ---` precedes the label, the index and the stored instance
// domains of each archive. The other sections come from the merged metadata, and
// the data records of all archives are in order of time. Where an archive ends
// before the next begins, a mark follows one millisecond after its last record; in
// reverse, the mark is one millisecond before the start of the later archive.
//
// The start and the version of the earliest archive decide how times look. If
// archives describe a metric differently, the earliest description is listed, and
// Options.Warn gets the others; values have the type that their own archive gives.
func Archives(w io.Writer, archives []*archive.Reader, o *Options) error {
	d, err := newDumper(w, archives, o)
	if err != nil {
		return err
	}
	defer d.close()
	err = d.sections()
	for _, in := range d.inputs {
		for _, damage := range in.walk.faults {
			d.fault(damage)
		}
		d.unlistedDamage(in.r)
	}
	return errors.Join(err, d.flush(), d.faults)
}

// unlistedDamage reports the damage of labels and of the index, which listing the
// records does not reach.
func (d *dumper) unlistedDamage(r *archive.Reader) {
	for _, err := range r.Warnings() {
		var fe *pcp.FormatError
		lost := damageOf(err)
		if lost == nil || !errors.As(err, &fe) || lost.Offset > 0 && fe.Kind != pcp.KindIndex {
			continue
		}
		if !slices.Contains(d.reported, lost.Error()) {
			d.fault(lost)
		}
	}
}

// fault reports damage that makes the listing fail but does not end it.
func (d *dumper) fault(err error) {
	d.faults = errors.Join(d.faults, err)
	d.reported = append(d.reported, err.Error())
}

// dumper prints a listing. The text collects in buf.
type dumper struct {
	o        *Options
	w        io.Writer
	buf      []byte
	writeErr error    // the first error of w
	faults   error    // damage that makes the listing fail at its end
	reported []string // texts of the errors in faults
	clock    *clock

	inputs []*input    // the archives, by ascending start
	store  *meta.Store // the metadata of all archives
	names  *namespace  // the metric names of all archives

	params map[pcp.PMID]*metric  // parameters of event records
	want   map[pcp.PMID]struct{} // the metrics to list; nil means all
}

const bufferSize = 64 << 10

var errNoArchive = errors.New("no archive to list")

func newDumper(w io.Writer, archives []*archive.Reader, o *Options) (*dumper, error) {
	if len(archives) == 0 {
		return nil, errNoArchive
	}
	d := &dumper{o: o, w: w, buf: make([]byte, 0, bufferSize+bufferSize/4), params: map[pcp.PMID]*metric{}}
	for _, r := range archives {
		in, err := newInput(r, o.Reverse)
		if err != nil {
			return nil, err
		}
		d.inputs = append(d.inputs, in)
	}
	slices.SortStableFunc(d.inputs, func(a, b *input) int { return a.start().Compare(b.start()) })
	first := d.inputs[0].r
	d.clock = newClock(o, first.Header().Start, first.Header().Version)
	d.loadMetadata()
	return d, d.selectMetrics()
}

// close closes the files of all archives.
func (d *dumper) close() {
	for _, in := range d.inputs {
		in.release()
	}
}

// sections prints the selected sections in pmdumplog's order.
func (d *dumper) sections() error {
	if len(d.inputs) > 1 {
		d.buf = fmt.Appendf(d.buf, "Note: multi-archive context with %d archives\n", len(d.inputs))
	}
	d.findEnds()
	for _, part := range []struct {
		section Section
		print   func() error
	}{
		{Label, d.labels}, {Descs, d.descs}, {LabelSets, d.labelSets}, {HelpText, d.helpText},
		{DiskInDoms, d.allDiskInDoms}, {InDoms, d.inDoms}, {Index, d.indexes}, {Metrics, d.records},
	} {
		if !d.o.has(part.section) {
			continue
		}
		if err := part.print(); err != nil {
			return err
		}
		if d.writeErr != nil {
			return d.writeErr
		}
	}
	return nil
}

// findEnds finds the end of each archive if the listing shows or needs it.
func (d *dumper) findEnds() {
	if !d.o.has(Label) && (!d.o.Reverse || !d.o.has(Metrics)) {
		return
	}
	for _, in := range d.inputs {
		in.findEnd()
		if in.endErr != nil {
			d.o.warn(in.endErr)
		}
	}
}

// labels prints the label of each archive.
func (d *dumper) labels() error {
	for _, in := range d.inputs {
		d.archiveLine(in)
		d.label(in)
	}
	return nil
}

// allDiskInDoms prints the stored instance domains of each archive.
func (d *dumper) allDiskInDoms() error {
	for _, in := range d.inputs {
		d.buf = append(d.buf, '\n')
		d.archiveLine(in)
		d.diskInDoms(in.r)
	}
	return nil
}

// indexes prints the temporal index of each archive.
func (d *dumper) indexes() error {
	for _, in := range d.inputs {
		d.buf = append(d.buf, '\n')
		d.archiveLine(in)
		d.index(in.r)
	}
	return nil
}

// archiveLine names the archive of the section that follows, in a listing of
// several archives.
func (d *dumper) archiveLine(in *input) {
	if len(d.inputs) > 1 {
		d.buf = fmt.Appendf(d.buf, "--- archive %s ---\n", in.r.Base())
	}
}

// title begins a section that covers all archives.
func (d *dumper) title(text string) {
	d.buf = append(append(append(d.buf, '\n'), text...), '\n')
}

// flush writes the collected text.
func (d *dumper) flush() error {
	if d.writeErr == nil && len(d.buf) > 0 {
		_, d.writeErr = d.w.Write(d.buf)
	}
	d.buf = d.buf[:0]
	return d.writeErr
}

// spill writes the collected text once it fills the buffer.
func (d *dumper) spill() {
	if len(d.buf) >= bufferSize {
		_ = d.flush() // writeErr keeps the error
	}
}
