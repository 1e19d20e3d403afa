package rewrite

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// composer writes a selection of several archives as a logger would.
type composer struct {
	a       *archive.Appender
	o       Options
	fit     *versionFitter
	report  *Report
	waiting []*input      // inputs to open, by their start
	active  []*input      // open inputs, in the order of the caller
	marks   []pendingMark // ends of inputs without a mark yet
	res     archive.Result
	kept    []history.Value             // selected values of the record, if only some are selected
	indoms  map[pcp.InDomID]*meta.InDom // the version of each domain written last
	descs   map[pcp.PMID]*meta.Desc     // descriptors from the first input with values
	daily   *daily                      // nil without windows that repeat
	outside bool                        // records between the last one and the next are outside of all windows
	marked  bool                        // the last record is a mark
}

// pendingMark is the end of an input. The composer writes a mark there before the next
// record, unless that record shows that the same daemon still ran.
type pendingMark struct {
	at     pcp.Timestamp
	daemon daemon // the run that the input's last record names
	named  bool   // the last record names a run
}

// compose writes several archives, or a selection of one archive, as one timeline.
func compose(ctx context.Context, base string, in []*archive.Reader, o Options, report *Report) error {
	if err := checkPatterns(o.patterns(), in); err != nil {
		return err
	}
	f, err := newFitter(o, report)
	if err != nil {
		return err
	}
	h, err := mergedHeader(in)
	if err == nil {
		h, err = f.header(h)
	}
	if err != nil {
		return err
	}
	a, err := archive.Create(base, *h, &archive.WriteOptions{
		Version: o.Version, NoSync: true, NoLock: true, AsIs: true, VolumeSize: o.VolumeSize, Compress: o.Compress, CompressLast: true, Context: ctx,
	})
	if err != nil {
		return err
	}
	c := &composer{a: a, o: o, fit: f, report: report, indoms: map[pcp.InDomID]*meta.InDom{}, descs: map[pcp.PMID]*meta.Desc{}, daily: newDaily(&o)}
	if c.daily != nil {
		c.o.End = pcp.Timestamp{} // that of the first window
	}
	for i, r := range in {
		c.waiting = append(c.waiting, newInput(r, i, &c.o, report))
	}
	slices.SortStableFunc(c.waiting, func(a, b *input) int { return a.r.Header().Start.Compare(b.r.Header().Start) })
	err = errors.Join(c.run(ctx), a.Close())
	if err == nil && report.Records == 0 {
		return ErrEmpty
	}
	return err
}

// mergedHeader returns the label of a merge. As in pmlogextract's merge, zone and zoneinfo
// come from the input that begins last.
func mergedHeader(in []*archive.Reader) (*archive.Header, error) {
	byStart := slices.SortedStableFunc(slices.Values(in), func(a, b *archive.Reader) int {
		return a.Header().Start.Compare(b.Header().Start)
	})
	h := *byStart[len(byStart)-1].Header()
	h.PID = byStart[0].Header().PID
	for _, r := range byStart {
		if other := r.Header(); other.Host != h.Host {
			return nil, fmt.Errorf("%s is of host %s, %s of %s: %w", byStart[len(byStart)-1].Base(), h.Host, r.Base(), other.Host, pcp.ErrMismatch)
		}
		h.Features |= r.Header().Features
	}
	return &h, nil
}

func (c *composer) run(ctx context.Context) error {
	defer func() {
		for _, s := range c.active {
			s.stop()
		}
	}()
	for n := 0; ; n++ {
		if n%cancelInterval == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		s, err := c.earliest()
		if s == nil || err != nil {
			return err
		}
		if err := c.record(s); err != nil {
			return fmt.Errorf("%s: offset %d: %w", s.pos.File, s.pos.Offset, err)
		}
		if c.o.Records > 0 && c.report.Records >= c.o.Records {
			return nil
		}
		if err := c.advance(s); err != nil {
			return err
		}
	}
}

// advance reads the next record of an input and closes the input at its end.
func (c *composer) advance(s *input) error {
	if err := s.next(); err != nil || s.res != nil {
		return err
	}
	s.stop()
	c.active = slices.DeleteFunc(c.active, func(other *input) bool { return other == s })
	if s.used && !s.cut {
		c.marks = append(c.marks, pendingMark{s.last.Add(time.Millisecond), s.daemon, s.named})
	}
	return nil
}

// earliest returns the input with the next record, or nil at the end. It opens an input
// only when the time in its label comes. So only one of many successive inputs is open at
// a time.
func (c *composer) earliest() (first *input, err error) {
	for {
		for _, s := range c.active {
			if first == nil || s.res.Stamp.Before(first.res.Stamp) {
				first = s
			}
		}
		if len(c.waiting) == 0 || first != nil && c.waiting[0].r.Header().Start.After(first.res.Stamp) {
			return first, nil
		}
		s := c.waiting[0]
		c.waiting = c.waiting[1:]
		s.begin()
		c.active = append(c.active, s)
		slices.SortFunc(c.active, func(a, b *input) int { return a.rank - b.rank })
		if err := c.advance(s); err != nil {
			return nil, err
		}
		first = nil
	}
}

// record writes the record of an input and the marks before it.
func (c *composer) record(s *input) error {
	t, ok, err := c.fit.stamp(s.res.Stamp.Add(0)) // adding 0 normalises the time
	if err != nil || !ok {
		return err
	}
	if last, ok := c.a.Last(); ok && t.Before(last) {
		return c.fit.losses.lose(LossOrder, "record at %s after %s", t, last)
	}
	if c.daily != nil && !c.daily.holds(t) {
		c.outside = true
		return nil
	}
	if err := c.between(t); err != nil {
		return err
	}
	if err := c.writePendingMarks(s, t); err != nil {
		return err
	}
	if s.res.IsMark() {
		return c.mark(t)
	}
	c.res.Stamp, c.res.Sets, c.kept = t, c.res.Sets[:0], c.kept[:0]
	for _, set := range s.res.Sets {
		keep, err := c.set(s, &set, t)
		if err != nil {
			return err
		}
		if keep {
			c.res.Sets = append(c.res.Sets, set)
		}
	}
	if len(c.res.Sets) == 0 {
		return nil
	}
	s.used, c.marked = true, false
	c.report.Records++
	return c.a.Append(&c.res)
}

// between writes a mark between two windows.
func (c *composer) between(t pcp.Timestamp) error {
	last, started := c.a.Last()
	if c.outside && started && !c.marked {
		c.outside = false
		return c.mark(markAt(last, t))
	}
	c.outside = false
	return nil
}

// writePendingMarks writes the marks of the inputs that ended before t.
func (c *composer) writePendingMarks(s *input, t pcp.Timestamp) error {
	now, prologue := daemonOf(s.res)
	for len(c.marks) > 0 && !t.Before(c.marks[0].at) {
		m := c.marks[0]
		c.marks = c.marks[1:]
		if m.named && prologue && m.daemon == now {
			continue
		}
		at, ok, err := c.fit.stamp(m.at)
		if err != nil || !ok {
			return err
		}
		if err := c.mark(at); err != nil {
			return err
		}
	}
	return nil
}

// mark writes a mark, unless it would be the first record.
func (c *composer) mark(t pcp.Timestamp) error {
	if _, started := c.a.Last(); !started {
		return nil
	}
	c.report.Records++
	c.marked = true
	return c.a.Mark(t)
}
