package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"time"

	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/pcp"
)

// Follow yields the steps that q selects as Steps does, and goes on with those
// that are written later, into the same volume or new ones, until ctx is done or
// a record later than q.To is met. A record that is not yet written whole is
// waited for. Metadata that is added is in force from then on; what r.Meta
// returns stays what it was.
//
// The sequence ends without an error when ctx is done. Damage ends it with an
// error, and so does the archive's disappearance: then the error wraps
// [fs.ErrNotExist].
func (r *Reader) Follow(ctx context.Context, q Query) iter.Seq2[*Step, error] {
	return func(yield func(*Step, error) bool) {
		live, err := open(r.base, r.opts)
		if err != nil {
			yield(nil, err)
			return
		}
		f := &follower{ctx: ctx, r: live, v: newView(live, q), metaAt: live.metaSize}
		defer f.close()
		if err := f.run(yield); err != nil && !errors.Is(err, errStop) {
			yield(nil, err)
		}
	}
}

// follower reads an archive that grows. Everything in it is its own.
type follower struct {
	ctx    context.Context
	r      *Reader
	v      *view
	file   *File // the volume being read
	at     int64 // of its next record
	done   bool  // nothing is added to a compressed volume
	metaAt int64 // of the next metadata record

	folder  watch
	waits   int // so far
	doubt   Pos // of a record that was not good
	doubted int // the waits before it was first looked at
}

func (f *follower) close() {
	if f.file != nil {
		f.file.Close()
		f.file = nil
	}
}

func (f *follower) run(yield func(*Step, error) bool) error {
	volumes, offset := f.r.start(f.v.q.From)
	if err := f.enter(volumes[0], offset); err != nil {
		return err
	}
	for {
		progress, err := f.read(yield)
		if err != nil {
			return err
		}
		if progress {
			continue
		}
		switched, err := f.nextVolume(yield)
		if err != nil {
			return err
		}
		if !switched && !f.wait() {
			return nil
		}
	}
}

// wait returns false when there is nothing more to wait for.
func (f *follower) wait() bool {
	f.waits++
	timer := time.NewTimer(f.r.opts.Poll)
	defer timer.Stop()
	select {
	case <-f.ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// enter begins to read a volume.
func (f *follower) enter(m Member, offset int64) error {
	file, frames, err := f.r.openAt(m, int32(m.Volume), leastBuffer)
	if err != nil {
		return err
	}
	f.close()
	f.file, f.done = file, false
	f.at = max(offset, frames.pos.Offset+int64(frames.last))
	return nil
}

// read yields the whole records that the volume has by now. What is needed to
// understand them was written before them.
func (f *follower) read(yield func(*Step, error) bool) (progress bool, err error) {
	if f.ctx.Err() != nil {
		return false, errStop
	}
	src, ok, err := f.unread()
	if err != nil || !ok {
		return false, err
	}
	if err := f.readMeta(); err != nil {
		return false, err
	}
	frames := newFrameReader(src, f.file.pos(f.at), readBuffer, f.r.opts.MaxRecord)
	for {
		frame, err := frames.next()
		if err == nil {
			err = f.v.record(frame, yield)
		}
		if err != nil {
			return progress, f.tolerate(err, frames.pos)
		}
		f.at = frame.Pos.Offset + int64(frames.last)
		progress = true
		if f.ctx.Err() != nil {
			return true, errStop
		}
	}
}

// unread returns what the volume has beyond f.at. Records that are written from
// now on are left for later.
func (f *follower) unread() (src io.Reader, ok bool, err error) {
	if f.done {
		return nil, false, nil
	}
	src = f.file.From(f.at)
	if f.file.Compressed() {
		f.done = true
		return src, true, nil
	}
	info, err := f.file.f.Stat()
	if err != nil {
		return nil, false, err
	}
	n := info.Size() - f.at
	if n < 0 {
		return nil, false, &pcp.FormatError{
			File: f.file.Path, Kind: pcp.KindNone, Offset: f.at,
			Detail: fmt.Sprintf("the file was cut to %d bytes", info.Size()), Err: pcp.ErrUnfinished,
		}
	}
	return io.LimitReader(src, n), n > 0, nil
}

// tolerate decides whether a failure at pos may be a record in the making:
// always if the file ends in it, once if it is not good. A writer's bytes may
// reach us in any order.
func (f *follower) tolerate(err error, pos Pos) error {
	var damage *pcp.FormatError
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, pcp.ErrUnfinished):
		return nil
	case errors.Is(err, errStop), !errors.As(err, &damage), f.done:
		return err
	case f.doubt != pos:
		f.doubt, f.doubted = pos, f.waits
	case f.waits > f.doubted:
		return err
	}
	return nil
}

// readMeta adds what the metadata file has beyond metaAt.
func (f *follower) readMeta() error {
	file, _, err := f.r.openAt(f.r.meta, wire.VolumeMeta, leastBuffer)
	if err != nil {
		return err
	}
	defer file.Close()
	if n, ok := file.Length(); ok && n <= f.metaAt {
		return nil
	}
	frames := file.frames(f.metaAt, readBuffer)
	err = f.r.addMeta(file, frames)
	if frames.pos.Offset > f.metaAt {
		f.metaAt = frames.pos.Offset
		f.v.grown()
	}
	if err != nil {
		return f.tolerate(err, frames.pos)
	}
	return nil
}

// nextVolume enters the volume after the one being read if there is one. Its
// writer ends a volume before it begins the next.
func (f *follower) nextVolume(yield func(*Step, error) bool) (bool, error) {
	if dir, _ := filepath.Split(f.r.base); !f.folder.changed(dir) {
		return false, nil
	}
	_, members, err := Members(f.r.base)
	if err != nil {
		return false, err
	}
	for _, m := range members {
		if m.Role != RoleData || m.Volume <= f.file.Volume {
			continue
		}
		f.folder = watch{} // it may not be good yet, and is looked at again
		if progress, err := f.read(yield); progress || err != nil {
			return true, err
		}
		if err := f.atEnd(); err != nil {
			return false, err
		}
		err := f.enter(m, 0)
		var damage *pcp.FormatError
		if !errors.As(err, &damage) {
			return err == nil, err
		}
		// Its label is in the making, or will not become better if there is a
		// volume after it.
	}
	return false, nil
}

// atEnd makes sure that the volume being read is read to its end.
func (f *follower) atEnd() error {
	_, err := f.file.frames(f.at, leastBuffer).next()
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
