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

// Downsample is a stage between a source of steps and their sink that keeps of
// each window of time what is needed to know it at its end: of each instance the
// last value, at the time at which it was recorded. Windows begin at multiples of
// the interval since 1970.
//
// Nothing is computed. A mean would turn integers into fractions, so that a
// metric of before and one of after could not stand in one archive, and it would
// show values that never were. Counters stay counters: where one falls, in a
// reset or a wrap, the values before and after are kept, too, so the sum of its
// increases is what it was. Marks, errors and event records are kept, and of
// a record that was the last to hold some instance so much that a reader sees
// the instance end. Labels, help and nanoseconds are those of the records.
//
// What a window leaves out is counted as [prom.LossStep].
type Downsample struct {
	dst     history.Sink
	every   time.Duration
	report  *prom.Report
	window  int64
	open    bool
	last    pcp.Timestamp
	metrics map[pcp.PMID]*metricWindow
	order   []*metricWindow // with records in the window
	seq     int
	out     history.Step
}

// sampled is what is known of a metric.
type metricWindow struct {
	records []*heldRecord // of the window, those that are needed
	spare   []*heldRecord
	before  map[pcp.InstID]float64 // counters
	fallen  map[pcp.InstID]bool    // counters that are less in this step
	present map[pcp.InstID]bool    // instances of this step
	failed  bool                   // what came last is an error
	listed  bool
}

// sampledRecord is what a step of the window had of a metric, less what later
// ones supersede.
type heldRecord struct {
	stamp  pcp.Timestamp
	seq    int // place among all
	values history.MetricValues
	whole  bool // to be kept as it is
}

// NewDownsample returns a Downsample that puts steps into dst, which it owns. Every
// is a nanosecond at least. The report may be nil.
func NewDownsample(dst history.Sink, every time.Duration, r *prom.Report) *Downsample {
	return &Downsample{dst: dst, every: max(every, 1), report: r, metrics: map[pcp.PMID]*metricWindow{}}
}

// Put takes a step. It is put into the sink when its window has passed.
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
		for _, m := range d.metrics {
			clear(m.before)
		}
		return d.dst.Put(step)
	}
	for i := range step.Metrics {
		d.add(step.Stamp, &step.Metrics[i])
	}
	return nil
}

// Close puts the last window and closes the sink.
func (d *Downsample) Close() error {
	if err := d.flush(); err != nil {
		return err
	}
	return d.dst.Close()
}

// windowOf numbers the windows. Times so far away that nanoseconds cannot count
// them, which only damaged archives have, get windows of a second.
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

// add takes what a step has of a metric.
func (d *Downsample) add(t pcp.Timestamp, mv *history.MetricValues) {
	m := d.metrics[mv.Metric.Desc.PMID]
	if m == nil {
		m = &metricWindow{before: map[pcp.InstID]float64{}, fallen: map[pcp.InstID]bool{}, present: map[pcp.InstID]bool{}}
		d.metrics[mv.Metric.Desc.PMID] = m
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
		r.whole = r.whole || m.failed // what an error ends
	}
	r := m.newRecord()
	r.stamp, r.seq, r.whole = t, d.seq, events || m.failed || len(m.fallen) > 0
	r.values.Metric, r.values.Err, r.values.InDom, r.values.Labels = mv.Metric, mv.Err, mv.InDom, mv.Labels
	r.values.Points = append(r.values.Points[:0], mv.Points...)
	for i := range r.values.Points {
		r.values.Points[i].Value.Data = slices.Clone(r.values.Points[i].Value.Data)
	}
	d.seq++
	m.records = append(m.records, r)
}

// take returns a record to fill.
func (m *metricWindow) newRecord() *heldRecord {
	n := len(m.spare)
	if n == 0 {
		return &heldRecord{}
	}
	r := m.spare[n-1]
	m.spare = m.spare[:n-1]
	return r
}

// compare finds the counters that are less than they were.
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

// supersede takes from the records of the window what a newer one has, too.
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

// shrink drops the points of a record that are superseded, but for one that
// shows to which logging group the record belongs. It returns false if no other
// is left.
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

// flush puts what the window keeps, in order of time.
func (d *Downsample) flush() error {
	var all []*heldRecord
	for _, m := range d.order {
		all = append(all, m.records...)
	}
	slices.SortFunc(all, func(a, b *heldRecord) int { return cmp.Compare(a.seq, b.seq) })
	for i := 0; i < len(all); {
		d.out.Stamp, d.out.Metrics = all[i].stamp, d.out.Metrics[:0]
		seen := map[pcp.PMID]bool{}
		for ; i < len(all) && all[i].stamp == d.out.Stamp && !seen[all[i].values.Metric.Desc.PMID]; i++ {
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
