package query

import (
	"cmp"
	"context"
	"iter"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/nativehist"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

// selection reads the samples of the series that match. Its method append is the sink of its
// Flattener.
type selection struct {
	*querier
	set        *store.Set // ends with ctx; hides the querier's
	ctx        context.Context
	from, to   int64 // both inclusive, ms
	matchers   []*labels.Matcher
	window     int64 // window in ms of a function that adds up changes; 0 for others
	instant    bool  // the caller needs the last sample of each time, not all of a range
	labelsOnly bool  // the caller needs labels alone

	flat    *flatten.Flattener
	report  *prom.Report
	early   bool                    // the values read now precede from
	counted markCount               // the marks since from
	owner   markOwner               // of the samples that come
	marks   int                     // number of the last mark before the samples that come
	met     int                     // number of the last mark of any target before them
	series  []*packedSeries         // by prom.Series.ID; nil for a series that does not match
	known   []bool                  // by prom.Series.ID: whether series has its answer
	further map[string][]alias      // further names of a metric, by the name of its series
	more    map[int][]*packedSeries // the series under further names, by prom.Series.ID
	// byLabels are the series that several metrics may share, by their labels.
	byLabels map[string]*packedSeries
	bases    map[string]bool // archives that were read
	lasting  bool            // a discrete series matches
	full     error           // why the budget does not allow the series found; nil if it does
	budget   *budget         // shared by the selections of a query
	columnar *columnar       // reads columns; nil if the selection reads volumes alone
	expected *expected       // others wait for the selection to read; may be nil
}

// read reads the metadata, the earlier values that still hold, and then the records of the
// selection's time.
func (s *selection) read(ctx context.Context) (*seriesSet, error) {
	if s.from > s.to {
		return &seriesSet{at: -1}, nil
	}
	from := pcp.TimestampMilli(s.from)
	// The end is inclusive to the millisecond, times are finer.
	to := pcp.TimestampMilli(s.to).Add(999_999)
	if set, done, err := s.tryColumns(ctx, from, to); done {
		return set, err
	}
	p := s.plan(from, to)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.report = &prom.Report{}
	if len(p.metrics) == 0 {
		return s.result(ctx) // no need to read
	}
	s.flat = flatten.New(prom.SinkFunc(s.append), flatten.Options{TargetLabels: true, Host: s.set.Host(), Clashes: s.clashes.get(ctx), Report: s.report})
	past, err := p.past(ctx, from)
	if err != nil {
		return nil, err
	}
	if past.Metrics != nil {
		s.early = true
		if err := s.pass(ctx, past); err != nil {
			return nil, err
		}
		s.early = false
	}
	if err := s.pass(ctx, history.Query{From: from, To: to, Metrics: p.wanted, PMIDs: p.ids()}); err != nil {
		return nil, err
	}
	return s.result(ctx)
}

// pass reads steps into the series.
func (s *selection) pass(ctx context.Context, q history.Query) error {
	q.All = true // rare metrics must not delay the check of ctx
	q.Read, q.Stop = s.budget.read, ctx.Err
	take := func(step *history.Step) error {
		if err := cmp.Or(ctx.Err(), s.budget.checkRead()); err != nil {
			return err
		}
		if len(step.Metrics) == 0 && !step.Mark {
			return nil
		}
		return s.put(step)
	}
	if s.columnar == nil {
		if done, err := s.together(ctx, q, take); done || err != nil {
			return cmp.Or(err, s.budget.checkRead())
		}
	}
	for step, err := range s.steps(q) {
		if err == nil {
			err = take(step)
		}
		if err != nil {
			return err
		}
	}
	return s.budget.checkRead() // of the records after the last step, too
}

// together is pass with others who read the same volumes. done is false if there are none.
func (s *selection) together(ctx context.Context, q history.Query, take func(*history.Step) error) (done bool, err error) {
	if s.readings == nil {
		return false, nil
	}
	return s.readings[s.host].join(ctx, s.expected, q, take)
}

// steps yields the steps that have values for the Flattener.
func (s *selection) steps(q history.Query) iter.Seq2[*history.Step, error] {
	if s.columnar != nil {
		return s.set.Outlined(q, s.columnar.outlines)
	}
	return s.set.Steps(q)
}

// put flattens a step and counts marks.
func (s *selection) put(step *history.Step) error {
	if step.Mark && !s.early {
		if s.watched() {
			s.watch.add(crossing{mark: step.Stamp.Milli(), to: s.to, window: s.window})
		}
		s.counted.add(step)
	}
	s.owner = ownerOf(step)
	s.marks, s.met = s.counted.of(s.owner), s.counted.n
	if step.Mark && s.columnar != nil {
		if err := s.columnar.mark(step.Stamp); err != nil {
			return err
		}
	}
	return cmp.Or(s.flat.Put(step), s.full)
}

// append adds samples. It is the [prom.SinkFunc] of the selection.
func (s *selection) append(p *prom.Series, batch []prom.Sample) error {
	for i := range batch {
		x := &batch[i]
		var err error
		switch {
		case x.Exemplar != nil: // no query asks for them
		case x.Histogram != nil:
			err = s.histogram(p, x.T, x.Histogram)
		default:
			err = s.number(p, x.T, x.V)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// number adds a number to the series of p under each of its names.
func (s *selection) number(p *prom.Series, t int64, v float64) error {
	err := s.addNumber(s.find(p), t, v)
	if len(s.more) > 0 {
		for _, ser := range s.more[p.ID] {
			err = cmp.Or(err, s.addNumber(ser, t, v))
		}
	}
	return err
}

// addNumber adds a number to one series. ser may be nil.
func (s *selection) addNumber(ser *packedSeries, t int64, v float64) error {
	switch {
	case ser == nil || s.early && ser.every == 0:
		return nil
	case s.early || t < s.from:
		ser.carry(t, v)
		return nil
	}
	return s.add(ser, heldSample{timedValue: timedValue{t, v}}, 1)
}

// histogram adds a native histogram to the series of p.
func (s *selection) histogram(p *prom.Series, t int64, data []byte) error {
	ser := s.find(p)
	if ser == nil || s.early || t < s.from {
		return nil
	}
	h, fh, err := nativehist.Decode(data)
	if err != nil || ser.every > 0 { // nobody records histograms that hold
		s.report.Add(prom.LossUndecodable, p.Name)
		return nil
	}
	if ser.bridge == nil && s.bridge && s.window > 0 {
		ser.bridge = &bridge{}
	}
	return s.add(ser, heldSample{timedValue{t: t}, h, fh}, 1+len(data)/sampleSize)
}

// find returns the series of p, or nil if p does not match.
func (s *selection) find(p *prom.Series) *packedSeries {
	for len(s.known) <= p.ID {
		s.known, s.series = append(s.known, false), append(s.series, nil)
	}
	if !s.known[p.ID] {
		s.known[p.ID] = true
		s.series[p.ID] = s.match(p)
		s.aliased(p)
	}
	return s.series[p.ID]
}

// add adds a sample. size is its memory, counted in numbers.
func (s *selection) add(ser *packedSeries, p heldSample, size int) error {
	if p.t > s.to || s.labelsOnly && ser.held {
		return nil
	}
	if !s.labelsOnly {
		if err := s.budget.take(size); err != nil {
			return err
		}
	}
	marks := s.marks
	if ser.part != s.owner.part { // a mark may have ended the archive of the sample before
		marks = max(marks, s.counted.of(markOwner{s.owner.target, ser.part}))
	}
	crosses := marks > ser.met
	ser.part = s.owner.part
	if ser.met = s.met; crosses && ser.counter && s.watched() {
		ser.crossings = append(ser.crossings, p.t)
	}
	return ser.add(p, crosses)
}

// watched reports whether marks matter to the function that asks for the selection, and will
// be looked at later.
func (s *selection) watched() bool { return s.watch != nil && s.window > 0 }

// match returns a new series if p matches.
func (s *selection) match(p *prom.Series) *packedSeries {
	if !p.Fits() {
		return nil // no query could name it
	}
	b := labels.NewScratchBuilder(len(p.Labels) + 1)
	b.Add(model.MetricNameLabel, p.Name)
	for _, l := range p.Labels {
		b.Add(l.Name, l.Value)
	}
	b.Sort()
	ls := b.Labels()
	for _, m := range s.matchers {
		if !m.Matches(ls.Get(m.Name)) {
			return nil
		}
	}
	known, keep := s.shared(ls)
	if known != nil {
		if s.columnar != nil && known.sem != p.Sem {
			s.full = cmp.Or(s.full, errVolumes) // which semantics come first depends on where reading begins
		}
		return known
	}
	ser := &packedSeries{ctx: s.ctx, labels: ls, start: s.from, sem: p.Sem, budget: s.budget}
	keep(ser)
	s.full = cmp.Or(s.full, s.budget.takeSeries())
	switch {
	case p.Sem == pcp.SemDiscrete:
		ser.every = s.every
		s.lasting = true
	case p.Sem == pcp.SemCounter && s.bridge && s.window > 0:
		ser.bridge = &bridge{}
	}
	if s.instant && ser.every == 0 {
		ser.expires = s.expiry(s.host, p.Name)
	}
	ser.counter = p.Sem == pcp.SemCounter
	return ser
}
