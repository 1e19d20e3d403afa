package retention

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math"
	"os"
	"sync"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/pcparchive/pcparchive/internal/diskspace"
	"github.com/pcparchive/pcparchive/internal/outlock"
)

// Options configure a Culler. Dir is required.
type Options struct {
	Dir    string
	Limits Limits
	Now    func() time.Time // replaces time.Now; may be nil
	Free   func() int64     // replaces the question for the free bytes of the file system; may be nil
	Log    *slog.Logger     // receives what is removed; may be nil
}

// Culler removes archives. Several goroutines may use it.
type Culler struct {
	opts  Options
	mu    sync.Mutex // guards the fields below
	log   *slog.Logger
	ends  map[string]known     // by base path
	alone map[string]time.Time // when volumes without metadata were first seen, by base path
	free0 int64                // free bytes when the current run began
	short bool                 // a message has said that the limits cannot be kept
}

// New returns a Culler for a folder.
func New(o Options) *Culler {
	c := &Culler{opts: o, log: o.Log, ends: map[string]known{}, alone: map[string]time.Time{}}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	return c
}

// Report says what a Culler found and removed.
type Report struct {
	Archives int   // that are left
	Bytes    int64 // that all files in the folder take now
	Removed  int   // archives
	Freed    int64 // bytes
	// Short reports that a limit is exceeded and that all archives left are being written.
	Short bool
}

func (c *Culler) now() time.Time {
	if c.opts.Now != nil {
		return c.opts.Now()
	}
	return time.Now()
}

// free returns the free bytes of the file system; a great number if they are not known.
func (c *Culler) free() int64 {
	if c.opts.Free != nil {
		return c.opts.Free()
	}
	_, free, ok := diskspace.Of(c.opts.Dir)
	if !ok {
		return math.MaxInt64 / 2
	}
	return free
}

// Cull removes the archives that the limits do not allow. writing reports whether an
// archive, given by its base path, is being written or will be continued. The error joins
// the failures of files that cannot be removed; the rest is removed all the same.
func (c *Culler) Cull(ctx context.Context, writing func(base string) bool) (Report, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	all, err := c.scan(ctx, writing)
	if err != nil {
		return Report{}, fmt.Errorf("%s: %w", c.opts.Dir, err)
	}
	report := Report{Archives: len(all.archives), Bytes: all.size}
	c.free0 = c.free()
	var failed error
	for _, one := range all.archives {
		reason := c.reason(one, &report)
		if reason == "" {
			continue
		}
		if ctx.Err() != nil {
			return report, errors.Join(failed, ctx.Err())
		}
		if one.writing || writing(one.base) {
			continue
		}
		freed, err := remove(one)
		var held *outlock.HeldError
		if errors.As(err, &held) {
			continue
		}
		report.Bytes -= freed
		report.Freed += freed
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		report.Archives--
		report.Removed++
		c.log.Info("archive removed", "archive", one.base, "end", one.end.Format(time.RFC3339), "bytes", freed, "why", reason)
	}
	for _, dir := range all.empty {
		_ = os.Remove(dir) // fails if it is no longer empty
	}
	c.reportShort(&report)
	return report, failed
}

// reason returns why an archive must go; "" if it may stay.
func (c *Culler) reason(one *found, report *Report) string {
	l := &c.opts.Limits
	switch {
	case l.Keep > 0 && c.now().Sub(one.end) > l.Keep:
		return "older than " + days(l.Keep)
	case l.MaxSize > 0 && report.Bytes > l.MaxSize:
		return "more than " + humanize.IBytes(uint64(l.MaxSize))
	case c.lacksSpace(report):
		return "less than " + humanize.IBytes(uint64(l.MinFree)) + " free"
	case c.orphaned(one):
		return "left by a removal that was interrupted"
	}
	return ""
}

// lacksSpace reports whether less space is free than must be. It adds what has been removed
// to what was free before: some file systems free it later, and a program may still read it.
func (c *Culler) lacksSpace(report *Report) bool {
	return c.opts.Limits.MinFree > 0 && c.free0+report.Freed < c.opts.Limits.MinFree
}

// reportShort logs once that the limits are exceeded though nothing can be removed.
func (c *Culler) reportShort(report *Report) {
	l := &c.opts.Limits
	report.Short = l.MaxSize > 0 && report.Bytes > l.MaxSize || c.lacksSpace(report)
	if report.Short && !c.short {
		c.log.Warn("the limits of the retention are exceeded, and all archives left are being written", "folder", c.opts.Dir, "bytes", report.Bytes)
	}
	c.short = report.Short
}

// remove removes the files of an archive and returns the bytes that they took. If another
// writer holds the archive's lock, the error is an [*outlock.HeldError].
func remove(one *found) (freed int64, err error) {
	lock, err := outlock.Take(one.base)
	var held *outlock.HeldError
	if errors.As(err, &held) {
		return 0, err
	}
	if err != nil { // the lock needs space, too, and there may be none
		lock = nil
	}
	defer func() { err = errors.Join(err, lock.Release()) }()
	for _, f := range one.files {
		if err := os.Remove(f.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return freed, err // what is left must be removed later, in this order
		}
		freed += f.size
	}
	return freed, nil
}
