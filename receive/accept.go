package receive

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/dirsync"
)

// pace limits how fast an archive grows.
type pace struct{ *rate.Limiter }

func (r *Receiver) pace() pace {
	return pace{rate.NewLimiter(rate.Limit(r.opts.Rate), int(max(r.opts.Rate, MaxPart)))}
}

// longestWait is how long a request waits until its bytes may follow.
const longestWait = 30 * time.Second

// wait waits until n bytes may follow.
func (p pace) wait(ctx context.Context, n int) error {
	if p.Limiter == nil {
		return nil
	}
	reserved := p.ReserveN(time.Now(), n)
	delay := reserved.Delay()
	if delay > longestWait {
		reserved.Cancel()
		return &Refusal{Status: http.StatusTooManyRequests, Reason: "the archive grows faster than this server accepts", RetryAfter: delay - longestWait}
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		reserved.Cancel()
		return ctx.Err()
	}
}

// file is a file of an archive, as a path names it.
type file struct {
	role   archive.Role
	volume int32
}

// String returns the suffix of the file.
func (f file) String() string {
	switch f.role {
	case archive.RoleMeta:
		return "meta"
	case archive.RoleIndex:
		return "index"
	}
	return strconv.Itoa(int(f.volume))
}

// accept receives a part of a file. A negative offset means that the part follows the
// one before it.
func (r *Receiver) accept(ctx context.Context, number uint32, f file, part []byte, offset int64) error {
	in, err := r.find(number)
	if err != nil {
		return err
	}
	if err := in.pace.wait(ctx, len(part)); err != nil {
		return err
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.ended {
		return refuse(statusGone, "the archive %d is complete", number)
	}
	in.touched = r.opts.now()
	s, err := in.stream(f)
	if err != nil {
		return err
	}
	room := r.opts.MaxArchive - in.size()
	if !in.latest(s) {
		room = 0
	}
	n, err := s.accept(part, offset, room)
	var refusal *Refusal
	if errors.As(err, &refusal) && !in.latest(s) && refusal.Status == http.StatusInsufficientStorage {
		err = &Refusal{Status: statusConflict, Offset: s.size, Reason: fmt.Sprintf("a part of volume %s is out of order: volume %d was received already", f, in.last)}
	}
	if err != nil {
		return err
	}
	in.touched = r.opts.now()
	if !in.shown() && in.last >= 0 && s.start > int64(len(in.label.raw)) && f.role == archive.RoleData {
		if err := r.show(in); err != nil {
			return err
		}
	}
	r.count(func(c *Counts) { c.Parts, c.Bytes = c.Parts+1, c.Bytes+n })
	return nil
}

// stream returns a file.
func (in *incoming) stream(f file) (*stream, error) {
	switch f.role {
	case archive.RoleMeta:
		return in.meta, nil
	case archive.RoleIndex:
		return in.index, nil
	}
	return in.volume(f.volume)
}

// show lets readers find an archive.
func (r *Receiver) show(in *incoming) error {
	to := filepath.Join(r.aside(), strconv.FormatUint(uint64(in.number), 10))
	if err := os.Rename(in.dir, to); err != nil {
		return err
	}
	in.dir = to
	for _, s := range in.streams() {
		s.path = filepath.Join(to, filepath.Base(s.path))
	}
	r.opts.Shown()
	return dirsync.Sync(r.aside())
}

// relative returns a path below the receiver's folder, with slashes.
func (r *Receiver) relative(path string) string {
	return filepath.ToSlash(strings.TrimPrefix(path, r.dir+string(filepath.Separator)))
}
