package rewrite

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/pcp"
)

// cancelInterval is the number of records between two checks of the context.
const cancelInterval = 256

// verbatim copies an archive record by record.
func verbatim(ctx context.Context, base string, in []*archive.Reader, o Options, report *Report) error {
	r := in[0]
	w, err := archive.CreateRecords(base, o.Version, &archive.WriteOptions{NoSync: !o.sync, NoLock: true, VolumeSize: o.VolumeSize, Compress: o.Compress})
	if err != nil {
		return err
	}
	f, err := newFitter(o, report)
	if err != nil {
		return err
	}
	c := &copier{r: r, w: w, fit: f, report: report, verifier: newVerifier(r.Index()), edit: o.Edit}
	c.index = archive.NewIndexMaker(archive.HeaderSize(o.Version))
	return errors.Join(c.run(ctx), w.Close())
}

// copier copies one archive.
type copier struct {
	r        *archive.Reader
	w        *archive.RecordWriter
	fit      *versionFitter
	edit     Editor // may be nil
	report   *Report
	index    *archive.IndexMaker
	verifier *verifier
	members  []archive.Member // the volumes that were not begun
	volume   int32            // number of the output's current volume
	shift    int32            // number of splits so far, which later volume numbers exceed the input's by
	last     pcp.Timestamp    // time of the last record
	marked   bool             // the last record is a mark
	lost     bool             // records after the last one are lost
}

func (c *copier) run(ctx context.Context) error {
	if err := c.metadata(ctx); err != nil {
		return err
	}
	if err := c.volumes(ctx); err != nil {
		return err
	}
	return c.writeIndex()
}

// begin writes the label of the output's file for a member of the input.
func (c *copier) begin(m archive.Member) error {
	h, err := headerOf(c.r, m)
	if err == nil {
		h, err = c.header(h)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", m.Path, err)
	}
	if m.Role == archive.RoleData {
		h.Volume += c.shift
		c.volume = h.Volume
	}
	_, err = c.w.Write(h)
	return err
}

func (c *copier) metadata(ctx context.Context) error {
	members := c.r.Members()
	if err := c.begin(members[0]); err != nil {
		return err
	}
	for _, m := range members {
		if m.Role == archive.RoleData {
			c.members = append(c.members, m)
		}
	}
	if c.edit != nil {
		for _, r := range c.edit.First() {
			if err := c.metaRecord(r); err != nil {
				return err
			}
		}
	}
	for rec, err := range c.r.MetaRecords() {
		if err != nil && c.report.damaged(err) {
			continue
		}
		if err = cmp.Or(err, ctx.Err()); err != nil {
			return err
		}
		if err := c.metaRecords(rec.Record); err != nil {
			return fmt.Errorf("%s: offset %d: %w", rec.Pos.File, rec.Pos.Offset, err)
		}
	}
	c.verifier.metaRecord(c.w.Size(archive.RoleMeta))
	return nil
}

func (c *copier) volumes(ctx context.Context) error {
	mark := &archive.Result{}
	for rec, err := range c.r.RecordsFrom(pcp.MinTime) {
		if err != nil && c.report.damaged(err) {
			c.lost = true
			continue
		}
		if err == nil && c.report.Records%cancelInterval == 0 {
			err = ctx.Err()
		}
		if err == nil {
			err = c.beginUpTo(rec.Pos.Volume)
		}
		if err != nil {
			return err
		}
		res := mark
		switch rec := rec.Record.(type) {
		case *archive.Result:
			res = rec
		case *archive.Mark:
			mark.Stamp = rec.Stamp
		}
		if err := c.data(res); err != nil {
			return fmt.Errorf("%s: offset %d: %w", rec.Pos.File, rec.Pos.Offset, err)
		}
	}
	if c.report.Records == 0 && len(c.report.Damage) > 0 {
		return errors.Join(c.report.Damage...)
	}
	if c.report.Records == 0 && c.edit != nil {
		return ErrEmpty
	}
	if err := c.beginUpTo(math.MaxInt); err != nil {
		return err
	}
	c.verifier.end(c.volume, c.w.Size(archive.RoleData))
	return nil
}

// bridge writes a mark before a record if records before it are lost.
func (c *copier) bridge(next *archive.Result) error {
	if !c.lost {
		return nil
	}
	c.lost = false
	if c.report.Records == 0 || c.marked || next.IsMark() {
		return nil
	}
	return c.result(&archive.Result{Stamp: markAt(c.last, next.Stamp)})
}

// beginUpTo begins the volumes up to the given number, even volumes without records.
func (c *copier) beginUpTo(volume int) error {
	for len(c.members) > 0 && c.members[0].Volume <= volume {
		c.verifier.end(c.volume, c.w.Size(archive.RoleData))
		m := c.members[0]
		c.members = c.members[1:]
		if err := c.begin(m); err != nil {
			return err
		}
	}
	return nil
}

func (c *copier) result(res *archive.Result) error {
	t, ok, err := c.fit.stamp(res.Stamp)
	if err != nil || !ok {
		return err
	}
	res.Stamp = t
	at, err := c.w.Write(res)
	if errors.Is(err, pcp.ErrLimit) && c.w.Size(archive.RoleData) > archive.HeaderSize(c.fit.layout.Version) {
		if err = c.split(); err == nil {
			at, err = c.w.Write(res)
		}
	}
	if err != nil {
		return err
	}
	c.report.Records++
	c.last, c.marked = t, res.IsMark()
	c.verifier.record(t, c.volume, at)
	c.index.Data(t, c.volume, at)
	return nil
}

// split begins a further volume for the records that exceed the limit of the current one.
func (c *copier) split() error {
	h, err := c.header(c.r.Header())
	if err != nil {
		return err
	}
	c.shift++
	c.volume++
	h.Volume = c.volume
	_, err = c.w.Write(h)
	return err
}

func (c *copier) writeIndex() error {
	member := archive.Member{Path: c.r.Base() + ".index", Role: archive.RoleIndex}
	for _, m := range c.r.Members() {
		if m.Role == archive.RoleIndex {
			member = m
		}
	}
	if err := c.begin(member); err != nil {
		return err
	}
	entries := c.index.Finish(c.w.Size(archive.RoleMeta))
	sound := len(c.r.Hints()) == len(c.r.Index()) // an index with damaged entries is made anew
	if sound && c.verifier.ok() && c.shift == 0 && c.r.Header().Version == c.fit.layout.Version {
		entries, c.report.IndexKept = c.r.Index(), true
	}
	for i := range entries {
		if _, err := c.w.Write(&entries[i]); err != nil {
			return err
		}
	}
	return nil
}

// headerOf returns the label of a member. If the member is absent or its label is damaged,
// it returns the archive's label with the member's number. A label that differs from the
// archive's in one field is damaged.
func headerOf(r *archive.Reader, m archive.Member) (*archive.Header, error) {
	h := *r.Header()
	h.Volume = m.LabelVolume()
	if m.Size == 0 {
		return &h, nil
	}
	f, err := archive.OpenMember(m, nil)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	for frame, err := range archive.Frames(f.From(0), archive.Pos{File: m.Path, Role: m.Role, Volume: m.Volume}, 0) {
		if err != nil {
			break // damage: reading the records reports it
		}
		own, err := archive.DecodeHeader(frame.Payload)
		if err != nil || own.Volume != h.Volume || own.Version != h.Version || len(differences("", own, &h)) == 1 {
			break
		}
		if m.Role == archive.RoleData || own.Host == h.Host && own.PID == h.PID {
			return own, nil
		}
		break
	}
	return &h, nil
}
