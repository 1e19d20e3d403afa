package flatten

import (
	"context"
	"iter"
	"time"

	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

// Source is the [prom.SampleSource] of archives: the samples of all hosts side by
// side, by ascending time. Damage in the archives is in the problems of each Set.
type Source struct {
	// Sets are the archives of each host.
	Sets []*store.Set
	// From and To are the first and the last time, inclusive; zero means no limit.
	From, To pcp.Timestamp
	// Options are those of the Flatteners. Source sets Finished, and Clashes unless
	// the caller does.
	Options Options
	// Stages come before the Flatteners.
	Stages convert.Stages
	// Repeat is the interval at which discrete values are repeated; zero means never. See
	// [prom.Repeat].
	Repeat time.Duration
	// LastOnly says that the destination keeps the last value of each series and counts no
	// samples. Source may then leave out samples that later ones replace. It never does so
	// with Stages or Repeat.
	LastOnly bool
	// Clashes returns the clashes between the hosts' names in a span of time. If nil,
	// Source finds them.
	Clashes func(from, to pcp.Timestamp) *HostClashes
	// Progress receives the time of each step; it may be nil.
	Progress func(t pcp.Timestamp)
}

// Query returns the steps that Samples reads. Some options need the values before
// From.
func (src *Source) Query() history.Query {
	q := history.Query{From: src.From, To: src.To}
	if src.Stages.Unwrap || src.Repeat > 0 || src.Options.SplitAtMarks {
		q.From = pcp.Timestamp{}
	}
	return q
}

// Samples hands all samples to dst by ascending time.
func (src *Source) Samples(ctx context.Context, dst prom.SampleSink) error {
	if !src.From.IsZero() {
		dst = &since{dst, src.From.Milli()}
	}
	q, o := src.Query(), src.Options
	flush := func(context.Context) error { return nil }
	if src.Repeat > 0 {
		repeat := prom.NewRepeat(keepOpen{dst}, src.Repeat, o.Report)
		dst, flush, o.Finished = repeat, repeat.Flush, repeat.Finish
	}
	if o.Clashes == nil {
		o.Clashes = src.clashes(q)
	}
	table := New(dst, o)
	parts := make([]convert.Part, len(src.Sets))
	for i, set := range src.Sets {
		sink := table.Fork(set.Host())
		if src.LastOnly && src.Repeat == 0 && src.Stages == (convert.Stages{}) {
			q.Superseded = sink.superseded
		}
		steps := src.watched(convert.FromArchive(set, q))
		parts[i] = convert.Part{Source: src.Stages.Source(steps, o.Report), Sink: sink}
	}
	if err := convert.CopyMerged(ctx, parts); err != nil {
		return err
	}
	return flush(ctx)
}

// clashes returns the clashes between the hosts' names.
func (src *Source) clashes(q history.Query) *HostClashes {
	q = q.Bounded()
	if src.Clashes != nil {
		return src.Clashes(q.From, q.To)
	}
	return new(HostNames).Clashes(src.Sets, q.From, q.To)
}

// watched returns steps that report their time to Progress.
func (src *Source) watched(steps history.Source) history.Source {
	if src.Progress == nil {
		return steps
	}
	return watchedSteps{steps, src.Progress}
}

// watchedSteps is a history.Source that reports the time of each step.
type watchedSteps struct {
	history.Source
	report func(pcp.Timestamp)
}

// Steps yields the steps.
func (w watchedSteps) Steps(ctx context.Context) iter.Seq2[*history.Step, error] {
	return func(yield func(*history.Step, error) bool) {
		for step, err := range w.Source.Steps(ctx) {
			if err == nil {
				w.report(step.Stamp)
			}
			if !yield(step, err) {
				return
			}
		}
	}
}

// since drops samples before a time.
type since struct {
	prom.SampleSink
	from int64 // milliseconds since 1970
}

// Append hands on the samples from that time on.
func (s *since) Append(p *prom.Series, batch []prom.Sample) error {
	for len(batch) > 0 && batch[0].T < s.from {
		batch = batch[1:]
	}
	if len(batch) == 0 {
		return nil
	}
	return s.SampleSink.Append(p, batch)
}

// keepOpen is a SampleSink that its user flushes and closes. A source that feeds it
// through a stage can flush the stage without flushing the sink.
type keepOpen struct{ prom.SampleSink }

// Flush does nothing.
func (keepOpen) Flush(context.Context) error { return nil }

// Close does nothing.
func (keepOpen) Close() error { return nil }
