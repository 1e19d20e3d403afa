package serve

import (
	"cmp"
	"fmt"
	"log/slog"
	"math"
	"regexp"
	"slices"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/exporter-toolkit/web"

	"github.com/pcparchive/pcparchive/catalogue"
	"github.com/pcparchive/pcparchive/internal/cachedir"
	"github.com/pcparchive/pcparchive/query"
	"github.com/pcparchive/pcparchive/receive"
)

// Options configure a [Server]. The zero value of a field means its default.
type Options struct {
	// Paths name archives, blocks, and folders with either below them. There must be at
	// least one.
	Paths []string
	// Listen are the addresses, as host:port; an empty host means all interfaces.
	Listen []string
	// WebConfig is a file of Prometheus' exporter-toolkit with TLS, users and headers. ""
	// means none.
	WebConfig string
	// Rescan is the time between two looks for archives; a negative value means never.
	Rescan time.Duration
	// DrainTimeout is how long running requests may continue after the context of Run
	// has ended.
	DrainTimeout time.Duration
	// MaxConnections is the number of connections at a time of each address.
	MaxConnections int
	// Concurrency is the number of requests that read archives at the same time. Zero
	// means the default of package promapi.
	Concurrency int
	// CORSOrigin matches the origins of pages that may use the API. Nil means all.
	CORSOrigin *regexp.Regexp
	// Query limits each query. If it has Columns, the server fills them in the background
	// with those of closed archives.
	Query query.Options
	// Cache is the folder of Query.Columns and of the catalogue. It may be
	// nil.
	Cache *cachedir.Dir
	// RuleFiles are Prometheus rule files to evaluate over the archives in the background.
	// [Server.Reload] reads them again.
	RuleFiles []string
	// Receive is a folder into which other hosts push archives, and which is served like
	// Paths. "" means that the server receives nothing. On an address that is not a
	// loopback address, WebConfig must demand passwords or certificates of clients.
	Receive string
	// Receiving limits what is received.
	Receiving receive.Options
	// ExternalLabels tell this server from others for Thanos and for servers that read
	// from it.
	ExternalLabels map[string]string
	// ShiftTo is the time to which the end of the recording is moved; [Now] means the
	// time of the first state. Zero means that the recording keeps its times.
	ShiftTo time.Time
	// Replay shows the recording as if it were being made from now on, at a speed: 1 is
	// real time. Zero means no replay.
	Replay float64
	// Logger takes events, and at level debug each request. Nil means none.
	Logger *slog.Logger
	// Version is the program's version.
	Version string

	now          func() time.Time // for tests
	writeTimeout time.Duration    // for tests
}

// The defaults of [Options].
const (
	DefaultListen         = "127.0.0.1:9191"
	DefaultRescan         = 10 * time.Second
	DefaultDrainTimeout   = 10 * time.Second
	DefaultMaxConnections = 512
)

// Now is the ShiftTo that stands for the time at which the server starts.
var Now = time.Unix(math.MaxInt32, 1)

// gatherFor is how long a query that must read volumes waits for the other panels of its
// dashboard.
const gatherFor = 3 * time.Millisecond

// withDefaults returns the options with defaults in place of zero values.
func (o Options) withDefaults() Options {
	if o.Receive != "" && !slices.Contains(o.Paths, o.Receive) {
		o.Paths = append(slices.Clone(o.Paths), o.Receive)
	}
	if len(o.Listen) == 0 {
		o.Listen = []string{DefaultListen}
	}
	o.Rescan = cmp.Or(o.Rescan, DefaultRescan)
	o.DrainTimeout = cmp.Or(o.DrainTimeout, DefaultDrainTimeout)
	o.MaxConnections = cmp.Or(o.MaxConnections, DefaultMaxConnections)
	o.writeTimeout = cmp.Or(o.writeTimeout, writeTimeout)
	if o.Query.Catalogue == nil {
		o.Query.Catalogue = catalogue.New(catalogue.Options{Cache: o.Cache})
	}
	o.Query.MaxSamples = cmp.Or(o.Query.MaxSamples, query.DefaultMaxSamples)
	o.Query.Gather = cmp.Or(o.Query.Gather, gatherFor)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.now == nil {
		o.now = time.Now
	}
	return o
}

// OptionError reports an option with a value that is not allowed.
type OptionError struct {
	Option string
	Err    error
}

// Error names the option and the reason.
func (e *OptionError) Error() string { return fmt.Sprintf("%s: %v", e.Option, e.Err) }

// Unwrap returns the reason.
func (e *OptionError) Unwrap() error { return e.Err }

// check returns an *OptionError for the first option that is wrong.
func (o Options) check() error {
	fail := func(option, format string, args ...any) error {
		return &OptionError{option, fmt.Errorf(format, args...)}
	}
	switch {
	case len(o.Paths) == 0:
		return fail("Paths", "name at least one archive or folder")
	case o.Replay < 0 || math.IsNaN(o.Replay) || math.IsInf(o.Replay, 0):
		return fail("Replay", "%v is no speed", o.Replay)
	case o.Replay > 0 && !o.ShiftTo.IsZero():
		return fail("Replay", "a replay moves the recording to the present itself: leave out ShiftTo")
	case o.MaxConnections < 1:
		return fail("MaxConnections", "%d: want at least 1", o.MaxConnections)
	case o.DrainTimeout < 0:
		return fail("DrainTimeout", "%s is negative", o.DrainTimeout)
	}
	for name := range o.ExternalLabels {
		if !model.UTF8Validation.IsValidLabelName(name) || name == model.MetricNameLabel {
			return fail("ExternalLabels", "%q cannot be the name of a label", name)
		}
	}
	if err := web.Validate(o.WebConfig); err != nil {
		return &OptionError{"WebConfig", err}
	}
	return nil
}
