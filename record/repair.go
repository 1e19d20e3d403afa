package record

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/record/layout"
)

// claims are the archives that the recording writes, continues, repairs or compresses.
type claims struct {
	mu   sync.Mutex
	held map[string]chan struct{} // closed when the archive is released; by base path
}

// claim takes an archive unless it is taken.
func (c *claims) claim(base string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held[base] != nil {
		return false
	}
	c.held[base] = make(chan struct{})
	return true
}

// wait takes an archive as soon as it is free.
func (c *claims) wait(base string) {
	for {
		c.mu.Lock()
		free := c.held[base]
		if free == nil {
			c.held[base] = make(chan struct{})
			c.mu.Unlock()
			return
		}
		c.mu.Unlock()
		<-free
	}
}

// release gives an archive back.
func (c *claims) release(base string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if free := c.held[base]; free != nil {
		close(free)
		delete(c.held, base)
	}
}

// holds reports whether an archive is taken.
func (c *claims) holds(base string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.held[base] != nil
}

// hostError says that an archive is of another host.
type hostError struct{ have, want string }

func (e *hostError) Error() string { return fmt.Sprintf("it is of host %s, not of %s", e.have, e.want) }

// resume continues an archive of an earlier run and says what it cut.
func (r *Recorder) resume(base, host string, t pcp.Timestamp) (*archive.Appender, error) {
	o := r.writeOptions()
	o.Accept = func(label archive.Header) error {
		switch {
		case label.Host != host:
			return &hostError{label.Host, host}
		case o.Version != 0 && o.Version != label.Version:
			return fmt.Errorf("it is of format %s: %w", label.Version, pcp.ErrMismatch)
		}
		return nil
	}
	app, err := archive.Continue(base, o)
	if err != nil {
		return nil, err
	}
	r.logRepairs(app)
	last, _ := app.Last()
	if t.Before(last) {
		return nil, errors.Join(fmt.Errorf("it ends at %s, which is in the future: %w", last.Time(), archive.ErrOrder), app.Close())
	}
	if err := r.o.Numbers.Learn(app.Meta()); err != nil {
		return nil, errors.Join(err, app.Close())
	}
	return app, nil
}

// logRepairs says what a crash left in an archive.
func (r *Recorder) logRepairs(app *archive.Appender) {
	for _, repair := range app.Recovered() {
		r.log.Warn("archive of an earlier run was repaired", "repair", repair.String())
	}
}

// repair completes archives that an earlier run left unfinished. It compresses those that
// no run will continue.
func (r *Recorder) repair(ctx context.Context, unfinished []string) {
	for _, base := range unfinished {
		if ctx.Err() != nil {
			return
		}
		if !r.claims.claim(base) {
			continue // it is being continued
		}
		if err := r.repairOne(base); err != nil {
			r.log.Warn("archive of an earlier run stays as it is", "archive", base, "err", err)
		}
		r.claims.release(base)
	}
}

// repairOne completes an archive.
func (r *Recorder) repairOne(base string) error {
	if !exists(base+".meta") && exists(base+".0") && !compressedMeta(base) {
		r.log.Warn("archive of an earlier run was removed: it had no record yet", "archive", base)
		return errors.Join(remove(base+".0"), remove(base+".index"))
	}
	current := r.current(base)
	if current && !torn(base) {
		return nil
	}
	app, err := archive.Continue(base, r.writeOptions())
	switch {
	case errors.Is(err, archive.ErrNoRecords):
		_, err := archive.Vacate(base)
		return err
	case err != nil:
		return err
	}
	r.logRepairs(app)
	if current {
		return app.Close()
	}
	return app.Complete()
}

// current reports whether an archive is the newest of its target and of this rotation
// period, so that its target will continue it.
func (r *Recorder) current(base string) bool {
	n, ok := layout.Parse(base)
	return ok && r.found.newest(n) == base && period(n.Start, r.o.Rotate).Equal(period(time.Now(), r.o.Rotate))
}

func exists(name string) bool {
	_, err := os.Lstat(name)
	return err == nil
}

func compressedMeta(base string) bool {
	for _, suffix := range []string{".meta.xz", ".meta.zst", ".meta.gz"} {
		if exists(base + suffix) {
			return true
		}
	}
	return false
}

func remove(name string) error {
	if err := os.Remove(name); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// torn reports whether a file of an archive ends inside a record, or is missing. It looks
// at the plain files only.
func torn(base string) bool {
	if !whole(base+".meta") && !compressedMeta(base) {
		return true
	}
	last := ""
	for n := 0; ; n++ {
		name := fmt.Sprintf("%s.%d", base, n)
		switch {
		case exists(name):
			last = name
		case exists(name + ".gz"), exists(name + ".zst"), exists(name + ".xz"):
			last = ""
		default:
			return last != "" && !whole(last) || !exists(base+".index")
		}
	}
}

// whole reports whether a file ends with a whole record: its length stands before and
// after it.
func whole(name string) bool {
	f, err := os.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	size, err := f.Seek(0, io.SeekEnd)
	var word [4]byte
	if err != nil || size < 8 {
		return false
	}
	if _, err := f.ReadAt(word[:], size-4); err != nil {
		return false
	}
	length := int64(binary.BigEndian.Uint32(word[:]))
	if length < 8 || length > size {
		return false
	}
	if _, err := f.ReadAt(word[:], size-length); err != nil {
		return false
	}
	return int64(binary.BigEndian.Uint32(word[:])) == length
}
