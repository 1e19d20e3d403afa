package scrape

import (
	"container/heap"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	promscrape "github.com/prometheus/prometheus/scrape"
	"github.com/prometheus/prometheus/storage"

	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/convert/native"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/redact"
	"github.com/pcparchive/pcparchive/pcp"
)

// Sink receives the steps of a Recorder. Flush makes them readable. Size returns the
// bytes that the archive takes. Written returns the bytes before compression, and the
// share of them that remains after it. Last returns the time of the last record; ok is
// false if there is none.
type Sink interface {
	history.Sink
	Flush() error
	Size() int64
	Written() (bytes int64, share float64)
	Last() (t pcp.Timestamp, ok bool)
}

// Recorder is the storage of one archive that Prometheus' scraper appends to. A transaction
// is a scrape and becomes a step in the sink. Several goroutines may use a Recorder.
type Recorder struct {
	*shared
	mapper  *mapper.Mapper
	natives *native.SeriesGatherer // nil if no series is a PCP metric of its own
	sink    Sink
	opts    RecorderOptions
	failed  chan error // the first error of the sink

	mu       sync.Mutex
	sources  map[string]*source
	refused  map[string]error // why the archive cannot hold a source, by its key
	names    map[string]bool
	only     *source           // the source of the last scrape
	inFlight map[*scrape]int64 // running scrapes, with the earliest time that each may get, in ms
	queue    scrapeQueue
	last     int64 // time of the last record, ms
	any      bool
	closed   bool
	err      error
	stats    Stats
}

// RecorderOptions change a Recorder of a Scraper.
type RecorderOptions struct {
	// Alone says that the archive has one target. Its scrapes do not wait for others.
	Alone bool
	// Target may be nil. It completes the description of a target: a name, which
	// replaces the one made from the job, and options.
	Target func(*mapper.Target)
	// Gone may be nil. It is called without locks after the last target of the archive
	// has gone. The Recorder is closed then.
	Gone func()
}

// Stats are the counts of a Recorder.
type Stats struct {
	Scrapes int64 // scrapes that ended
	Failed  int64 // scrapes that failed
	Samples int64 // recorded samples
	// Repeated counts samples with their own time that an earlier page had, too. They
	// are recorded once.
	Repeated int64
	Sources  int       // endpoints seen
	Series   int       // series that have not ended
	Bytes    int64     // size of the archive
	PerDay   int64     // bytes a day at the rate of this recording; zero if not known yet
	First    time.Time // time of the first recorded scrape
	Last     time.Time // time of the last recorded scrape
}

// NewRecorder returns a Recorder that owns sink. A nil log discards messages.
func NewRecorder(m *mapper.Mapper, sink Sink, report *prom.Report, log *slog.Logger) *Recorder {
	return newShared(report, log).newRecorder(m, sink, RecorderOptions{})
}

func (s *shared) newRecorder(m *mapper.Mapper, sink Sink, o RecorderOptions) *Recorder {
	r := &Recorder{
		shared: s, mapper: m, sink: sink, opts: o, failed: make(chan error, 1),
		sources: map[string]*source{}, names: map[string]bool{}, inFlight: map[*scrape]int64{},
	}
	r.goOn()
	return r
}

// goOn makes further records come after those of the archive that the sink continues.
func (r *Recorder) goOn() {
	if last, ok := r.sink.Last(); ok {
		r.last, r.any = last.Add(time.Millisecond-1).Milli(), true
	}
}

// UseNatives makes the Recorder record the series that n knows as PCP's own metrics.
// Call it before the first scrape.
func (r *Recorder) UseNatives(n native.Resolver) {
	r.natives = native.NewSeriesGatherer(r.mapper, n, r.report)
}

// beginSlack is the longest time by which the scraper may date a scrape before its
// beginning. The scraper aligns times that are close to the tick.
const beginSlack = 10 // ms

// maxWait is the longest time that a finished scrape waits for one that began earlier. A
// waiting scrape is only in memory, and is lost if the process is killed.
const maxWait = time.Second

// AppenderV2 begins a scrape of the target in ctx.
func (r *Recorder) AppenderV2(ctx context.Context) storage.AppenderV2 {
	target, ok := promscrape.TargetFromContext(ctx)
	if !ok {
		return &refusedScrape{report: r.report, target: "(no target)"}
	}
	s, _ := r.begin(target)
	return s
}

// begin begins a scrape of a target. It returns false if the Recorder is closed.
func (r *Recorder) begin(target *promscrape.Target) (storage.AppenderV2, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return &refusedScrape{report: r.report, target: "(closed)"}, false
	}
	src, err := r.source(target)
	if err != nil {
		job := target.Labels(labels.NewBuilder(labels.EmptyLabels())).Get("job")
		return &refusedScrape{report: r.report, target: naming.SourceName(job), err: err}, true
	}
	s := free(src)
	s.begun = time.Now()
	if !src.rolledBack.IsZero() { // this transaction reports the failure of that scrape
		s.begun, src.rolledBack, s.second = src.rolledBack, time.Time{}, true
	}
	r.inFlight[s] = s.begun.UnixMilli() - beginSlack
	return s, true
}

// source returns the source of a target. It adds a source for a new target.
func (r *Recorder) source(target *promscrape.Target) (*source, error) {
	if r.only != nil && r.only.target == target {
		return r.only, nil
	}
	lset := target.Labels(labels.NewBuilder(labels.EmptyLabels()))
	key := lset.String() + target.URL().String()
	if src, ok := r.sources[key]; ok {
		src.target = target
		r.only = src
		return src, nil
	}
	if err := r.refused[key]; err != nil {
		return nil, err
	}
	t := mapper.Target{
		Job: lset.Get("job"), Instance: redact.Address(lset.Get("instance")),
		Labels: targetLabels(lset), URL: target.URL().String(), Host: redact.Address(target.URL().Host),
	}
	r.secrets.addURL(t.URL)
	if r.opts.Target != nil {
		r.opts.Target(&t)
	}
	if t.Name == "" || r.names[t.Name] {
		t.Name = r.freeName(t.Job, t.Instance)
	}
	r.names[t.Name] = true
	mapped, err := r.mapper.Source(t)
	if err != nil {
		if r.refused == nil {
			r.refused = map[string]error{}
		}
		r.refused[key] = err
		delete(r.names, t.Name)
		r.log.Error("endpoint cannot be recorded", "source", t.Name, "err", err)
		return nil, err
	}
	src := &source{
		rec: r, key: key, target: target, labels: lset, mapped: mapped, name: t.Name,
		url: redact.URL(t.URL),
	}
	if r.natives != nil {
		src.natives = map[string]*native.Series{}
	}
	r.sources[key], r.only = src, src
	r.stats.Sources++
	return src, nil
}

// freeName returns the name of a source: the one that the archive already has, or else
// the name of its job. If another target of the job has that name, it adds the instance.
func (r *Recorder) freeName(job, instance string) string {
	if name := r.mapper.SourceOf(job, instance); name != "" && !r.names[name] {
		return name
	}
	name := naming.SourceName(job)
	if r.names[name] || name == "control" {
		name = naming.SourceName(job + "_" + instance)
	}
	for n, base := 2, name; r.names[name]; n++ {
		name = fmt.Sprintf("%s_%d", base, n)
	}
	return name
}

// finish queues a scrape that ended, and writes the scrapes that need not wait.
func (r *Recorder) finish(s *scrape, commit bool) error {
	err, gone := r.finished(s, commit)
	if gone && r.opts.Gone != nil {
		r.opts.Gone()
	}
	return err
}

// finished is finish under the lock. It reports whether the last target has gone, and
// closes the Recorder then.
func (r *Recorder) finished(s *scrape, commit bool) (err error, gone bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.inFlight, s)
	if !commit {
		s.src.rolledBack = s.begun
		s.release()
		return nil, false
	}
	s.reportDrops()
	// A scrape that the end of the recording cut off does not show a fault of its target.
	cutOff := r.stopped.Load() && errors.Is(s.src.target.LastError(), context.Canceled)
	// The loop of a target that went and came back says farewell when the next one has
	// scraped already.
	superseded := s.farewell && s.t <= s.src.last
	// If the target has left meanwhile, begin has made a source that has nothing to end.
	stray := s.farewell && s.src.last == 0 && !r.opts.Alone && !slices.ContainsFunc(r.queue, func(q *scrape) bool { return q.src == s.src })
	if s.reported && !cutOff && !superseded && !stray && r.err == nil && !r.closed {
		heap.Push(&r.queue, s)
	} else {
		src := s.src
		s.release()
		if stray && r.opts.Gone != nil && !r.closed {
			r.leave(src)
		}
	}
	return r.drain(), r.departed()
}

// leave forgets a source that has said farewell, unless a scrape of it is under way.
func (r *Recorder) leave(src *source) {
	for s := range r.inFlight {
		if s.src == src {
			return
		}
	}
	src.mapped.Release()
	delete(r.sources, src.key)
	delete(r.names, src.name)
	if r.only == src && !r.opts.Alone {
		r.only = nil
	}
}

// departed closes the Recorder if its only target has gone, and reports whether it did.
func (r *Recorder) departed() bool {
	if r.opts.Gone == nil || !r.opts.Alone || r.closed || len(r.inFlight)+len(r.queue) > 0 || r.only == nil || !r.only.farewell {
		return false
	}
	_ = r.close() // the sink reports its errors itself
	return true
}

// fail keeps the first error of the sink and sends it to Run.
func (r *Recorder) fail(err error) {
	if err != nil && r.err == nil {
		r.err = err
		r.failed <- err // has room for one
	}
}

// write puts a scrape into the sink. A panic there becomes an error of the sink, so that
// the recording ends with a message and the archive stays readable.
func (r *Recorder) write(s *scrape) {
	defer func() {
		if v := recover(); v != nil {
			r.fail(fmt.Errorf("writing a scrape of %s: %v\n%s", s.src.name, v, debug.Stack()))
		}
	}()
	defer s.release()
	r.stats.Scrapes++
	if s.health.Up == 0 {
		r.stats.Failed++
	}
	s.health.Err = r.secrets.error(s.health.Err)
	s.src.logState(s.health.Err)
	if r.stats.First.IsZero() {
		r.stats.First = time.UnixMilli(s.t)
	}
	before, _ := r.sink.Written()
	r.stats.Last = time.UnixMilli(s.t)
	s.src.last, s.src.farewell = max(s.src.last, s.t), s.farewell
	t := s.t
	if !r.any {
		r.goOn()
	}
	if r.any && t < r.last && r.turnsBack(t) {
		r.any = false
	}
	if r.any && t < r.last {
		t = r.last
		if !s.farewell {
			r.report.Add(prom.LossLate, s.src.name)
		}
	}
	earlier, later := s.takeTimed(t)
	r.putTimed(s.src, earlier)
	s.src.fill(s, t)
	r.put(t, s.src.mapped)
	r.putTimed(s.src, later)
	r.stats.Samples += int64(s.count)
	after, _ := r.sink.Written()
	s.src.growth.add(s.t, after-before)
	if s.farewell && r.opts.Gone != nil && !r.opts.Alone {
		r.leave(s.src)
	}
}

// turnsBack reports whether the sink takes a step that is earlier than the last one, because
// the clock was set back.
func (r *Recorder) turnsBack(t int64) bool {
	back, ok := r.sink.(interface{ Earlier(pcp.Timestamp) bool })
	return ok && back.Earlier(stamp(t))
}

func (r *Recorder) put(t int64, m *mapper.Source) {
	if r.err == nil {
		step := m.Step()
		if r.natives != nil {
			step.Metrics = r.natives.AppendTo(step.Metrics)
		}
		r.fail(r.sink.Put(step))
		r.last, r.any = t, true
	}
}

// Stats returns the counts so far.
func (r *Recorder) Stats() Stats {
	r.mu.Lock()
	defer r.mu.Unlock()
	st := r.stats
	st.Bytes = r.sink.Size()
	perDay := 0.0
	for _, src := range r.sources {
		st.Series += src.mapped.Live()
		perDay += src.growth.perDay()
	}
	_, share := r.sink.Written()
	st.PerDay = int64(min(perDay*share, math.MaxInt64/2))
	if r.natives != nil {
		st.Series += r.natives.Live()
	}
	return st
}

// Close writes the queued scrapes and closes the sink.
func (r *Recorder) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.close()
}

func (r *Recorder) close() error {
	if r.closed {
		return r.err
	}
	r.closed = true
	for len(r.queue) > 0 && r.err == nil {
		r.write(heap.Pop(&r.queue).(*scrape))
	}
	err := errors.Join(r.err, r.sink.Close())
	for _, src := range r.sources {
		src.mapped.Release()
	}
	return err
}

// stamp converts a time of the scraper, in milliseconds.
func stamp(ms int64) pcp.Timestamp { return pcp.TimestampMilli(ms) }
