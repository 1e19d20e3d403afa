package browse

import (
	"context"

	"github.com/pcparchive/pcparchive/catalogue"
	"github.com/pcparchive/pcparchive/internal/halt"
	"github.com/pcparchive/pcparchive/serve/timeshift"
	"github.com/pcparchive/pcparchive/store"
)

// Source gives each request one state. The caller calls release once.
type Source interface {
	Browse() (v *View, release func())
}

// View is the state of the archives that a request sees.
type View struct {
	*Contents
	Move   timeshift.Move
	Status Status
}

// Contents holds what is worked out once for a state of the archives. Several goroutines
// may use it.
type Contents struct {
	Sets      []*store.Set
	catalogue *catalogue.Catalogue
	metrics   halt.Once[[]byte]
	hosts     halt.Once[[]Host] // at the times of the recording
}

// NewContents returns the Contents of the archives of hosts.
func NewContents(sets []*store.Set, c *catalogue.Catalogue) *Contents {
	return &Contents{Sets: sets, catalogue: c}
}

// Metrics returns the reply of /api/metrics.
func (c *Contents) Metrics(ctx context.Context) ([]byte, error) {
	return c.metrics.DoContext(ctx, func(ctx context.Context) ([]byte, error) {
		return metricsJSON(ctx, c.catalogue.View(c.Sets))
	})
}

// Hosts describes the archives of the hosts.
func (c *Contents) Hosts(ctx context.Context) ([]Host, error) {
	return c.hosts.DoContext(ctx, func(ctx context.Context) ([]Host, error) {
		return hostsOf(store.Until(c.Sets, ctx.Err)), ctx.Err()
	})
}

// Status is the part of the reply of /api/archives that the server knows by itself.
type Status struct {
	Version string   `json:"version"`
	Window  *Span    `json:"window"` // null without archives
	Taken   float64  `json:"taken"`  // the time of the state
	Rescan  float64  `json:"rescan"` // seconds between two looks for archives; 0: never
	Moved   bool     `json:"moved"`  // times are not those of the recording
	Replay  float64  `json:"replay"` // speed; 0: no replay
	Hosts   []Host   `json:"hosts"`
	Blocks  []Block  `json:"blocks"`
	Damage  []Damage `json:"damage"`
	Cache   *Cache   `json:"cache"` // null without a cache
	Rules   *Rules   `json:"rules"` // null without rule files
	// Examples are expressions over metrics that exist.
	Examples []string `json:"examples"`
}

// Span is a span of time, both ends inclusive, in seconds since 1970.
type Span struct {
	Start float64 `json:"start"`
	End   float64 `json:"end"`
}

// Host describes the archives of a host. Span is nil if nothing can be read.
type Host struct {
	Host string `json:"host"`
	*Span
	Zone     string    `json:"zone"`     // a name such as Europe/Berlin, "" if unknown
	Offset   int       `json:"offset"`   // seconds by which the zone is ahead of UTC at the end
	Interval float64   `json:"interval"` // seconds between two records, 0 if unknown
	Archives []Archive `json:"archives"`
}

// Archive describes an archive. Span is nil if its end cannot be found.
type Archive struct {
	Path string `json:"path"`
	*Span
	Version int   `json:"version"`
	Bytes   int64 `json:"bytes"`
	Files   int   `json:"files"`
	Packed  bool  `json:"packed"` // some files are compressed
}

// Block describes a Prometheus block.
type Block struct {
	Path string `json:"path"`
	Span
	Series uint64 `json:"series"`
	Bytes  int64  `json:"bytes"`
}

// Damage is a part of the archives that cannot be read.
type Damage struct {
	Path   string `json:"path"`
	Reason string `json:"reason"`
}

// Cache describes the folder of derived data.
type Cache struct {
	Path     string   `json:"path"`
	Entries  int      `json:"entries"`
	Bytes    int64    `json:"bytes"`
	Problems []string `json:"problems"`
}

// Rules describes the rules that the server evaluates.
type Rules struct {
	Files []string `json:"files"`
	Read  float64  `json:"read"`  // when the rules in force were read
	Fault string   `json:"fault"` // why the files could not be read again, "" if they could
	// Evaluated is when the latest evaluation ended, 0 before the first. It covered the
	// times from Start to End and took Took seconds.
	Evaluated float64 `json:"evaluated"`
	Start     float64 `json:"start"`
	End       float64 `json:"end"`
	Took      float64 `json:"took"`
	Rules     []Rule  `json:"rules"`
}

// Rule describes a rule.
type Rule struct {
	Group    string `json:"group"`
	Name     string `json:"name"`
	Alerting bool   `json:"alerting"`
	State    string `json:"state"`
	Error    string `json:"error"`
}
