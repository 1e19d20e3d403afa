package dump

import (
	"fmt"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// input is one archive of a listing.
type input struct {
	r    *archive.Reader
	walk *walker // reads the data records

	end    pcp.Timestamp // time of the last record, once findEnd was called
	endErr error         // why the end is unknown

	metrics map[pcp.PMID]*metric // the metrics listed so far
	recent  []*metric            // the metrics of the previous record, by position

	size int             // length of head in the file
	head *archive.Result // the next record to list; the walker owns it
	read bool            // head held a record at least once
}

func newInput(r *archive.Reader, back bool) (*input, error) {
	walk, err := newWalker(r, back)
	if err != nil {
		return nil, err
	}
	return &input{r: r, walk: walk, metrics: map[pcp.PMID]*metric{}}, nil
}

// start returns the time at which the archive's label says that it begins.
func (in *input) start() pcp.Timestamp { return in.r.Header().Start }

// findEnd sets end and endErr.
func (in *input) findEnd() {
	in.end, in.endErr = in.walk.findEnd(wholeIndex(in.r))
	in.walk.release()
}

// lastTime returns the end of the archive, or the latest possible time if the end
// is unknown.
func (in *input) lastTime() pcp.Timestamp {
	if in.endErr != nil {
		return pcp.MaxTime
	}
	return in.end
}

// advance reads the next record into head.
func (in *input) advance() error {
	f, res, err := in.walk.next()
	if err != nil {
		return err
	}
	in.size, in.head, in.read = f.size, res, true
	return nil
}

// release closes the files of the archive and drops what listing its records needs.
func (in *input) release() {
	in.walk.release()
	in.metrics, in.recent, in.head = nil, nil, nil
}

// loadMetadata sets the names and the metadata of all archives.
func (d *dumper) loadMetadata() {
	d.names = newNamespace()
	d.store = d.inputs[0].r.Meta()
	if len(d.inputs) > 1 {
		d.store = meta.NewStore()
	}
	for _, in := range d.inputs {
		for rec, err := range in.r.Records(archive.RoleMeta) {
			switch {
			case err == nil:
				d.names.addRecord(rec.Record)
				if len(d.inputs) > 1 {
					d.merge(in, rec.Record)
				}
			case !atTornEnd(in.r, err):
				d.fault(err)
			}
		}
	}
	d.names.collect()
}

// merge adds a metadata record of one of several archives to the store. A
// description that contradicts that of an earlier archive is left out.
func (d *dumper) merge(in *input, rec archive.Record) {
	switch rec := rec.(type) {
	case *meta.Desc:
		if err := d.store.AddDesc(rec); err != nil && d.o.has(Descs) {
			d.o.warn(fmt.Errorf("archive %s: %w: the earlier description is listed", in.r.Base(), err))
		}
	case *meta.InDom:
		d.store.AddInDom(rec)
	case *meta.InDomDelta:
		d.store.AddDelta(rec)
	case *meta.Labels:
		d.store.AddLabels(rec)
	case *meta.Text:
		d.store.AddText(rec)
	}
}
