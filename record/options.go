package record

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// Options configure a Recorder. Dir and Loader are required.
type Options struct {
	Dir    string // folder of the archives; the Recorder creates it
	Loader Loader

	Per        Per           // which targets share an archive
	Version    pcp.Version   // format of the archives; zero means version 3
	Prefix     string        // first component of metric names; empty means openmetrics
	Labels     []prom.Label  // context labels of every archive
	Rotate     time.Duration // time after which new archives begin, counted from local midnight; zero means 24 h
	VolumeSize int64         // bytes of a data volume; zero means no limit
	Compress   archive.Compression
	Sync       time.Duration // longest time until data is on the disk; zero means 1 s

	// Numbers gives out the numbers of metrics and instances. If it is nil, each archive
	// has its own, and none is continued after a restart.
	Numbers Numbers
	// OpenNumbers may be nil. It opens the Numbers when the folder is locked. The Recorder
	// closes them.
	OpenNumbers func() (Numbers, error)
	// Cull may be nil. It is called at the start and every minute, and removes old
	// archives. writing reports whether an archive, given by its base path, is being
	// written or continued; it may be called from several goroutines.
	Cull func(ctx context.Context, writing func(base string) bool) error

	UserAgent string
	Log       *slog.Logger // nil discards messages
}

// Numbers are numbers that last over archives and restarts, see package registry.
type Numbers interface {
	mapper.Numbers
	// Name returns the component of metric names that stands for a job.
	Name(job string) string
	// Learn takes the numbers of an archive that is continued. It returns an error if
	// they contradict those that it has.
	Learn(*meta.Store) error
	// Sync writes the numbers given so far. Archives use them afterwards.
	Sync() error
	// Sweep forgets what vanished long ago. It is called once an hour.
	Sweep() error
	// Close writes what must last.
	Close() error
}

// Validate returns an error if a Recorder cannot have the options.
func (o Options) Validate() error {
	_, err := o.withDefaults()
	return err
}

// withDefaults returns the options with all values set.
func (o Options) withDefaults() (Options, error) {
	o.Per = cmp.Or(o.Per, PerTarget)
	o.Rotate = cmp.Or(o.Rotate, day)
	o.Sync = cmp.Or(o.Sync, time.Second)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	switch {
	case o.Dir == "":
		return o, errors.New("the folder of the archives is missing")
	case o.Loader == nil:
		return o, errors.New("the configuration is missing")
	case !slices.Contains(Layouts, o.Per):
		return o, fmt.Errorf("archive per %q: want target, job or all", o.Per)
	case o.Rotate < time.Minute || o.Rotate%time.Minute != 0:
		return o, fmt.Errorf("rotation every %s: want whole minutes", o.Rotate)
	case o.Rotate > day && o.Rotate%day != 0, o.Rotate < day && day%o.Rotate != 0:
		return o, fmt.Errorf("rotation every %s: want whole days, or a part of a day such as 1h, 6h or 12h", o.Rotate)
	case o.Sync < 10*time.Millisecond:
		return o, fmt.Errorf("sync every %s: want at least 10ms", o.Sync)
	}
	return o, nil
}

// Per says which targets share an archive.
type Per string

// The layouts.
const (
	PerTarget Per = "target"
	PerJob    Per = "job"
	PerAll    Per = "all"
)

// Layouts are all layouts.
var Layouts = []Per{PerTarget, PerJob, PerAll}
