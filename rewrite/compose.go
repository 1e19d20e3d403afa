package rewrite

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// composer writes what is selected of several archives as a logger would.
type composer struct {
	a       *archive.Appender
	o       Options
	fit     *fitter
	report  *Report
	waiting []*source // not begun, by their start
	sources []*source // being read, in the order in which they were given
	marks   []pendingMark
	res     archive.Result
	kept    []history.Value             // of the record, where matchers leave values out
	indoms  map[pcp.InDomID]*meta.InDom // written last, as its store has it
	descs   map[pcp.PMID]*meta.Desc     // as the first input with values had them
}

// pendingMark is where an input ended. The mark is written before the next
// record unless that shows that the daemon ran on.
type pendingMark struct {
	at     pcp.Timestamp
	daemon daemon
	named  bool
}

// compose writes several archives, or a selection of one, as one timeline.
func compose(ctx context.Context, base string, in []*archive.Reader, o Options, report *Report) error {
	if err := checkPatterns(o.Metrics, in); err != nil {
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
		Version: o.Version, NoSync: true, NoLock: true, AsIs: true, VolumeSize: o.VolumeSize, Compress: o.Compress, CompressLast: true,
	})
	if err != nil {
		return err
	}
	c := &composer{a: a, o: o, fit: f, report: report, indoms: map[pcp.InDomID]*meta.InDom{}, descs: map[pcp.PMID]*meta.Desc{}}
	for i, r := range in {
		c.waiting = append(c.waiting, newSource(r, i, &c.o, report))
	}
	slices.SortStableFunc(c.waiting, func(a, b *source) int { return a.r.Header().Start.Compare(b.r.Header().Start) })
	err = errors.Join(c.run(ctx), a.Close())
	if err == nil && report.Records == 0 {
		return ErrEmpty
	}
	return err
}

// mergedHeader returns the label of a merge: zone and zoneinfo are those of the
// input that begins last, as in the reference's merge.
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
		for _, s := range c.sources {
			s.stop()
		}
	}()
	for n := 0; ; n++ {
		if n%cancelEvery == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		s, err := c.earliest()
		if s == nil || err != nil {
			return err
		}
		if err := c.record(s); err != nil {
			return fmt.Errorf("%s: offset %d: %w", s.pos.File, s.pos.Offset, err)
		}
		if err := c.advance(s); err != nil {
			return err
		}
	}
}

// advance reads a source's next record, and gives it up at its end.
func (c *composer) advance(s *source) error {
	if err := s.next(); err != nil || s.res != nil {
		return err
	}
	s.stop()
	c.sources = slices.DeleteFunc(c.sources, func(other *source) bool { return other == s })
	if s.used && !s.cut {
		c.marks = append(c.marks, pendingMark{s.last.Add(time.Millisecond), s.daemon, s.named})
	}
	return nil
}

// earliest returns the source whose record comes next, nil at the end. An input
// is opened when its label says that its records begin: of many that follow each
// other one is open at a time.
func (c *composer) earliest() (first *source, err error) {
	for {
		for _, s := range c.sources {
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
		c.sources = append(c.sources, s)
		slices.SortFunc(c.sources, func(a, b *source) int { return a.rank - b.rank })
		if err := c.advance(s); err != nil {
			return nil, err
		}
		first = nil
	}
}

// record writes a source's record with the marks that precede it.
func (c *composer) record(s *source) error {
	t, ok, err := c.fit.stamp(s.res.Stamp.Add(0)) // the sum is normalised
	if err != nil || !ok {
		return err
	}
	if last, ok := c.a.Last(); ok && t.Before(last) {
		return c.fit.losses.lose(LossOrder, "record at %s after %s", t, last)
	}
	if err := c.endings(s, t); err != nil {
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
	s.used = true
	c.report.Records++
	return c.a.Append(&c.res)
}

// endings writes the marks of the inputs that ended before t.
func (c *composer) endings(s *source, t pcp.Timestamp) error {
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

// mark writes a mark, unless nothing precedes it.
func (c *composer) mark(t pcp.Timestamp) error {
	if _, started := c.a.Last(); !started {
		return nil
	}
	c.report.Records++
	return c.a.Mark(t)
}

// set decides whether a value set is kept, takes the values out that are not,
// and writes what its metric needs.
func (c *composer) set(s *source, set *archive.ValueSet, t pcp.Timestamp) (keep bool, err error) {
	m := s.metric(set.PMID, &c.o)
	if !m.wanted || m.desc == nil {
		return m.wanted, nil
	}
	if !s.res.Stamp.Before(m.until) || s.res.Stamp.Before(m.since) || m.until.IsZero() {
		m.resolve(s.r.Meta(), s.res.Stamp)
	}
	if len(c.o.Labels) > 0 {
		if keep, err := c.values(m, set); err != nil || !keep {
			return false, err
		}
	}
	if err := c.define(s, m, t); err != nil || !m.wanted {
		return false, err
	}
	if len(set.Values) > 0 && m.indom != nil && c.indoms[m.indom.ID] != m.indom {
		in := *m.indom
		in.Stamp = t
		if err := c.a.SetInDom(&in); err != nil {
			return false, err
		}
		c.indoms[in.ID] = m.indom
	}
	if m.desc.Type == pcp.TypeEvent || m.desc.Type == pcp.TypeHighResEvent {
		return true, c.events(s, set, t)
	}
	return true, nil
}

// values takes the values out of a set that the matchers do not select.
func (c *composer) values(m *metric, set *archive.ValueSet) (keep bool, err error) {
	if len(set.Values) == 0 {
		return m.selects(pcp.InstNull, c.o.Labels)
	}
	start := len(c.kept)
	for _, v := range set.Values {
		ok, err := m.selects(v.Inst, c.o.Labels)
		if err != nil {
			return false, err
		}
		if ok {
			c.kept = append(c.kept, v)
		}
	}
	set.Values = c.kept[start:]
	return len(set.Values) > 0, nil
}

// define writes what a metric needs. A metric that contradicts one of an earlier
// archive is not wanted any more.
func (c *composer) define(s *source, m *metric, t pcp.Timestamp) error {
	if m.defined && m.fresh {
		return nil
	}
	if !m.defined {
		if err := c.renamed(m.desc); err != nil {
			return err
		}
	}
	err := m.define(c.a, s.r.Meta(), t)
	if errors.Is(err, pcp.ErrMismatch) {
		m.wanted = false
		return c.fit.losses.lose(LossMetric, "%w", err)
	}
	return err
}

// renamed refuses a metric that had other names in an earlier archive, as the
// reference's merge does: a reader would find the values of one name under the
// other. If that is allowed, the values of all have all names.
func (c *composer) renamed(d *meta.Desc) error {
	first, ok := c.descs[d.PMID]
	if !ok {
		c.descs[d.PMID] = d
		return nil
	}
	if first.SameNames(d) {
		return nil
	}
	return c.fit.losses.lose(LossRename, "metric %s: name changed from %s to %s: %w",
		d.PMID, strings.Join(first.Names, ", "), strings.Join(d.Names, ", "), pcp.ErrMismatch)
}

// events defines the metrics that occur as parameters of event records, without
// which those could not be read. Values that are no event array stay as they are.
func (c *composer) events(s *source, set *archive.ValueSet, t pcp.Timestamp) error {
	for _, v := range set.Values {
		events, err := v.Events()
		if err != nil {
			continue
		}
		for i := range events {
			for _, p := range events[i].Params {
				if m := s.metric(p.PMID, &c.o); m.desc != nil {
					if m.until.IsZero() {
						m.resolve(s.r.Meta(), s.res.Stamp)
					}
					if err := c.define(s, m, t); err != nil {
						return err
					}
				}
			}
		}
	}
	return nil
}
