package reduce

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/interp"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/rewrite"
)

// Reduce writes a reduced archive to out, a base path. end is the time of the last record
// of in. The output appears complete or not at all. The error wraps [ErrOptions],
// [ErrTimes], [rewrite.ErrTargets] or, if no record is left, [rewrite.ErrEmpty].
func Reduce(ctx context.Context, out string, in Source, end pcp.Timestamp, o Options) (*Report, error) {
	if o.Interval <= 0 || o.Samples < 0 || o.VolumeSamples < 0 || o.Align < 0 {
		return nil, fmt.Errorf("%w: interval %s, samples %d", ErrOptions, o.Interval, o.Samples)
	}
	if err := rewrite.CheckTargets(slices.Collect(in.Readers()), wants); err != nil {
		return nil, err
	}
	aside, err := rewrite.NewAside(out)
	if err != nil {
		return nil, err
	}
	r := &reducer{ctx: ctx, in: in, o: o, series: map[history.SeriesID]*series{}, shapes: map[*history.Shape][]*series{}, wide: map[*history.Metric]*history.Metric{}, texts: map[pcp.InDomID]bool{}}
	err = r.write(aside.Base(), end)
	if err == nil {
		r.report.Replaced = aside.Replaced()
		err = aside.Publish()
	}
	if err = errors.Join(err, aside.Remove()); err != nil {
		return nil, err
	}
	return &r.report, nil
}

// reducer reduces an input.
type reducer struct {
	ctx    context.Context
	in     Source
	o      Options
	report Report
	a      *archive.Appender
	dst    *convert.ToArchive

	interval int // number of the current interval, from 1
	next     func() (*history.Step, error, bool)
	step     *history.Step // the next recorded step; nil at the end
	series   map[history.SeriesID]*series
	shapes   map[*history.Shape][]*series        // the series of all steps of one shape, in their order
	wide     map[*history.Metric]*history.Metric // metrics with 64-bit counters
	texts    map[pcp.InDomID]bool                // instance domains whose texts are written

	out    history.Step
	points []history.Point
}

// wants reports whether a metric can be reduced.
func wants(d *meta.Desc) bool { return d.Type.IsNumeric() || d.Type == pcp.TypeString }

func (r *reducer) write(base string, end pcp.Timestamp) error {
	h := *r.in.Header()
	version := r.o.Version
	if version == 0 {
		version = h.Version
	}
	if version < h.Version { // what version 2 has no room for
		h.ZoneInfo, h.Features = "", 0
	}
	times, err := r.times(end, version)
	if err != nil {
		return err
	}
	r.a, err = archive.Create(base, h, &archive.WriteOptions{
		Version: version, NoSync: true, NoLock: true, AsIs: true, VolumeRecords: r.o.VolumeSamples, Compress: r.o.Compress, CompressLast: true, Context: r.ctx,
	})
	if err != nil {
		return err
	}
	r.dst = convert.NewToArchive(r.a)
	r.report.Skipped = []string{}
	err = errors.Join(r.define(), r.run(times), r.dst.Close())
	if err == nil && r.report.Records == 0 {
		err = rewrite.ErrEmpty
	}
	for reader := range r.in.Readers() {
		r.report.Damage = append(r.report.Damage, reader.Warnings()...)
	}
	return err
}

// define writes the descriptors of all metrics, as pmlogreduce does.
func (r *reducer) define() error {
	skipped := map[string]bool{}
	for reader := range r.in.Readers() {
		for d := range reader.Meta().Metrics() {
			if !wants(d) {
				if d.Type != pcp.TypeNoSupport && !skipped[d.Name()] {
					skipped[d.Name()] = true
					r.report.Skipped = append(r.report.Skipped, d.Name())
				}
				continue
			}
			err := r.a.Define(wideDesc(d))
			if err != nil && !errors.Is(err, pcp.ErrMismatch) && !errors.Is(err, pcp.ErrRange) {
				return err
			}
		}
	}
	return nil
}

// cancelInterval is the number of records between two checks of the context.
const cancelInterval = 64

func (r *reducer) run(times iter.Seq[pcp.Timestamp]) error {
	q := history.Query{Metrics: wants}
	var stop func()
	r.next, stop = iter.Pull2(r.in.Steps(history.Query{Metrics: wants, All: true, Stop: r.ctx.Err}))
	defer stop()
	if err := r.advance(); err != nil {
		return err
	}
	o := interp.Options{Metrics: q.Metrics, Earlier: true, Overflow: !r.o.KeepWraps, Marks: true, Stop: r.ctx.Err}
	for step, err := range interp.At(r.in, times, o) {
		if err != nil {
			return unlessUnfinished(err)
		}
		if step.Mark {
			err = r.mark(step.Stamp)
		} else {
			err = r.reduce(step)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// unlessUnfinished returns nil for the end of an archive that is still being written.
func unlessUnfinished(err error) error {
	if errors.Is(err, pcp.ErrUnfinished) {
		return nil
	}
	return err
}

// mark writes a mark, unless it would be the first record.
func (r *reducer) mark(t pcp.Timestamp) error {
	if _, started := r.dst.Last(); !started {
		return nil
	}
	r.report.Records++
	return r.a.Mark(t)
}

// reduce writes the record of an interval that ends at the step's time.
func (r *reducer) reduce(step *history.Step) error {
	r.interval++
	if err := r.observe(step.Stamp); err != nil {
		return err
	}
	r.out.Stamp, r.out.Metrics, r.points = step.Stamp, r.out.Metrics[:0], r.points[:0]
	for i := range step.Metrics {
		mv := &step.Metrics[i]
		begin := len(r.points)
		for j := range mv.Points {
			r.point(mv.Metric, &mv.Points[j])
		}
		if len(r.points) == begin {
			continue
		}
		if err := r.indomTexts(mv.Metric.Desc.InDom); err != nil {
			return err
		}
		r.out.Metrics = append(r.out.Metrics, history.MetricValues{
			Metric: r.widened(mv.Metric), InDom: mv.InDom, Labels: mv.Labels, Points: r.points[begin:len(r.points):len(r.points)],
		})
	}
	if len(r.out.Metrics) == 0 {
		return nil
	}
	r.report.Records++
	return r.dst.Put(&r.out)
}

// indomTexts writes the help texts of an instance domain before its first value.
func (r *reducer) indomTexts(id pcp.InDomID) error {
	if id == pcp.InDomNull || r.texts[id] {
		return nil
	}
	r.texts[id] = true
	for reader := range r.in.Readers() {
		for _, typ := range []meta.TextType{meta.TextInDom | meta.TextOneLine, meta.TextInDom | meta.TextHelp} {
			if text, ok := reader.Meta().Text(typ, uint32(id)); ok {
				if err := r.a.SetText(&meta.Text{Type: typ, Ident: uint32(id), Text: text}); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
