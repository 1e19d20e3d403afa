package convert

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

// Downsample is a [history.Sink] that thins out steps on their way to another
// sink. Of each window of time it keeps the last value of each instance, at the
// time at which PCP recorded it. Windows begin at multiples of the interval since
// 1970.
//
// Downsample computes nothing. A mean would turn integers into fractions, so that
// thinned and full records of a metric could not stand in one archive, and it
// would show values that never existed.
//
// It keeps more where a reader needs more:
//
//   - Where a counter falls, in a reset or a wrap, the values before and after
//     stay, so the sum of its increases stays the same.
//   - Marks, errors and event records stay.
//   - Of the last record with some instance enough stays that a reader sees the
//     instance end.
//
// Labels, help and nanoseconds stay as recorded. [prom.LossStep] counts the values
// that a window leaves out.
type Downsample struct {
	dst     history.Sink
	every   time.Duration
	report  *prom.Report
	window  int64         // number of the open window
	open    bool          // a step came; window and last are set
	last    pcp.Timestamp // time of the last step
	metrics map[partMetric]*metricWindow
	order   []*metricWindow // metrics with records in the open window
	seq     int             // counts the records of all metrics
	out     history.Step
}

// partMetric is a metric of a part of the steps, see history.Step.
type partMetric struct {
	part int
	id   pcp.PMID
}

// concerns reports whether a mark ends the metric's values.
func (m partMetric) concerns(mark *history.Step) bool {
	return mark.Part == history.AllParts || mark.Part == m.part
}

// metricWindow has the records of a metric in the open window.
type metricWindow struct {
	records []*heldRecord          // records to keep so far
	spare   []*heldRecord          // records to reuse
	before  map[pcp.InstID]float64 // last value of each counter
	fallen  map[pcp.InstID]bool    // counters that are lower in this step than before
	present map[pcp.InstID]bool    // instances of this step
	failed  bool                   // the last step had an error
	listed  bool                   // Downsample.order has the metric
}

// heldRecord has the values of a metric in one step, without those that a later
// record of the window supersedes.
type heldRecord struct {
	stamp  pcp.Timestamp
	part   int
	target history.Target
	seq    int // position among the records of all metrics
	values history.MetricValues
	whole  bool // keep all values
}

// NewDownsample returns a Downsample that feeds dst and owns it. An interval below
// a nanosecond counts as one. The report may be nil.
func NewDownsample(dst history.Sink, every time.Duration, r *prom.Report) *Downsample {
	return &Downsample{dst: dst, every: max(every, 1), report: r, metrics: map[partMetric]*metricWindow{}}
}

// Put takes a step. The sink gets it when its window has passed.
func (d *Downsample) Put(step *history.Step) error {
	if d.open && step.Stamp.Before(d.last) {
		d.report.Add(prom.LossOrder, LateRecord("", step.Stamp))
		return nil
	}
	if w := d.windowOf(step.Stamp); !d.open || w != d.window || step.Mark {
		if err := d.flush(); err != nil {
			return err
		}
		d.window, d.open = w, true
	}
	d.last = step.Stamp
	if step.Mark {
		for key, m := range d.metrics {
			if key.concerns(step) {
				clear(m.before)
			}
		}
		return d.dst.Put(step)
	}
	for i := range step.Metrics {
		d.add(step, &step.Metrics[i])
	}
	return nil
}

// Close puts the last window into the sink and closes the sink.
func (d *Downsample) Close() error {
	if err := d.flush(); err != nil {
		return err
	}
	return d.dst.Close()
}

// windowOf returns the number of the window of t. Damaged archives may have times
// that do not fit an int64 of nanoseconds; their windows last a second.
func (d *Downsample) windowOf(t pcp.Timestamp) int64 {
	const far = math.MaxInt64/int64(time.Second) - 1
	if t.Sec >= far || t.Sec <= -far {
		return t.Sec
	}
	ns := t.Sec*int64(time.Second) + int64(t.Nsec)
	w := ns / int64(d.every)
	if ns%int64(d.every) < 0 {
		w--
	}
	return w
}

// add takes the values of a metric in a step.
func (d *Downsample) add(step *history.Step, mv *history.MetricValues) {
	key := partMetric{step.Part, mv.Metric.Desc.PMID}
	m := d.metrics[key]
	if m == nil {
		m = &metricWindow{before: map[pcp.InstID]float64{}, fallen: map[pcp.InstID]bool{}, present: map[pcp.InstID]bool{}}
		d.metrics[key] = m
	}
	if mv.Err < 0 && m.failed {
		d.report.Add(prom.LossStep, mv.Metric.Name)
		return
	}
	m.failed = mv.Err < 0
	if !m.listed {
		m.listed = true
		d.order = append(d.order, m)
	}
	typ := mv.Metric.Desc.Type
	events := typ == pcp.TypeEvent || typ == pcp.TypeHighResEvent
	m.compare(mv, typ)
	if !events {
		d.supersede(m, mv)
	}
	for _, r := range m.records {
		r.whole = r.whole || m.failed // keep the values that an error ends
	}
	r := m.newRecord()
	r.stamp, r.part, r.target, r.seq, r.whole = step.Stamp, step.Part, step.Target, d.seq, events || m.failed || len(m.fallen) > 0
	r.values.Metric, r.values.Err, r.values.InDom, r.values.Labels = mv.Metric, mv.Err, mv.InDom, mv.Labels
	r.values.Points = append(r.values.Points[:0], mv.Points...)
	for i := range r.values.Points {
		r.values.Points[i].Value.Data = slices.Clone(r.values.Points[i].Value.Data)
	}
	d.seq++
	m.records = append(m.records, r)
}

// newRecord returns a record to fill.
func (m *metricWindow) newRecord() *heldRecord {
	n := len(m.spare)
	if n == 0 {
		return &heldRecord{}
	}
	r := m.spare[n-1]
	m.spare = m.spare[:n-1]
	return r
}

// compare notes the counters that fell.
func (m *metricWindow) compare(mv *history.MetricValues, typ pcp.Type) {
	clear(m.fallen)
	if mv.Metric.Desc.Sem != pcp.SemCounter || !typ.IsNumeric() {
		return
	}
	for i := range mv.Points {
		v, ok := mv.Points[i].Value.Number(typ)
		if !ok {
			continue
		}
		id := mv.Points[i].Value.Inst
		if before, known := m.before[id]; known && v < before {
			m.fallen[id] = true
		}
		m.before[id] = v
	}
}

// supersede removes values from the records of the window that a newer record has,
// too.
func (d *Downsample) supersede(m *metricWindow, mv *history.MetricValues) {
	clear(m.present)
	if len(m.records) > 0 {
		for i := range mv.Points {
			m.present[mv.Points[i].Value.Inst] = true
		}
	}
	kept := m.records[:0]
	for _, r := range m.records {
		if n := len(r.values.Points); m.shrink(r) {
			kept = append(kept, r)
			d.report.AddN(prom.LossStep, r.values.Metric.Name, int64(n-len(r.values.Points)))
		} else {
			d.report.AddN(prom.LossStep, r.values.Metric.Name, int64(n))
			m.spare = append(m.spare, r)
		}
	}
	m.records = kept
}

// shrink drops the superseded points of a record, except one that shows to which
// logging group the record belongs. It returns false if all points are superseded.
func (m *metricWindow) shrink(r *heldRecord) bool {
	own := 0
	for i := range r.values.Points {
		id := r.values.Points[i].Value.Inst
		if !m.present[id] {
			own++
		}
		r.whole = r.whole || m.fallen[id]
	}
	if r.whole {
		return true
	}
	if own == 0 {
		return false
	}
	witness := false
	r.values.Points = slices.DeleteFunc(r.values.Points, func(p history.Point) bool {
		if !m.present[p.Value.Inst] {
			return false
		}
		first := !witness
		witness = true
		return !first
	})
	return true
}

// flush puts the records of the window into the sink, in order of time.
func (d *Downsample) flush() error {
	var all []*heldRecord
	for _, m := range d.order {
		all = append(all, m.records...)
	}
	slices.SortFunc(all, func(a, b *heldRecord) int { return cmp.Compare(a.seq, b.seq) })
	for i := 0; i < len(all); {
		d.out.Stamp, d.out.Part, d.out.Target, d.out.Metrics = all[i].stamp, all[i].part, all[i].target, d.out.Metrics[:0]
		seen := map[pcp.PMID]bool{}
		for ; i < len(all) && all[i].stamp == d.out.Stamp && all[i].part == d.out.Part && !seen[all[i].values.Metric.Desc.PMID]; i++ {
			seen[all[i].values.Metric.Desc.PMID] = true
			d.out.Metrics = append(d.out.Metrics, all[i].values)
		}
		if err := d.dst.Put(&d.out); err != nil {
			return err
		}
	}
	for _, m := range d.order {
		m.spare = append(m.spare, m.records...)
		m.records, m.listed = m.records[:0], false
	}
	d.order = d.order[:0]
	return nil
}
