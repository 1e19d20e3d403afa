package scrape

import (
	"context"
	"log/slog"
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

	// mu guards the fields below. A sink, and the callbacks of opts except for Gone, run
	// under it.
	mu       sync.Mutex
	sources  map[string]*source
	refused  map[string]error // why the archive cannot hold a source, by its key
	names    map[string]bool
	only     *source           // the source of the last scrape
	inFlight map[*scrape]int64 // running scrapes, with the earliest time that each may get, in ms
	queue    scrapeQueue
	drained  int64 // time of the clock when the queue was looked at last, ms
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
	s.target, s.begun = target, time.Now()
	if !src.rolledBack.IsZero() { // this transaction reports the failure of that scrape
		s.begun, src.rolledBack, s.second = src.rolledBack, time.Time{}, true
	}
	r.inFlight[s] = s.begun.UnixMilli() - beginSlack
	return s, true
}
