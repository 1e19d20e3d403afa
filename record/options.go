package record

import (
	"context"
	"log/slog"
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/prom"
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
	// has its own. Save, if not nil, is called before any record is written to a file. It
	// returns when all numbers are on the disk, at once if there are no new ones.
	Numbers mapper.Numbers
	Save    func() error
	// Cull may be nil. It is called at the start and every minute, and removes old
	// archives. writing reports whether an archive, given by its base path, is being
	// written or continued; it may be called from several goroutines.
	Cull func(ctx context.Context, writing func(base string) bool) error

	UserAgent string
	Log       *slog.Logger // nil discards messages
}

// Per says which targets share an archive.
type Per string

// The layouts.
const (
	PerTarget Per = "target"
	PerJob    Per = "job"
	PerAll    Per = "all"
)
