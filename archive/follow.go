package archive

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"time"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

// Follow yields the steps that q selects as Steps does, and goes on with those
// that are written later, into the same volume or new ones, until ctx is done or
// a record later than q.To is met. A record that is not yet written whole is
// waited for. Metadata that is added is in force from then on; what r.Meta
// returns stays what it was.
//
// The sequence ends without an error when ctx is done. Damage is passed over as in
// Steps, once a record follows it or a new volume. The archive's disappearance,
// or that of what was already read, ends the sequence with an error; the former
// wraps [fs.ErrNotExist].
func (r *Reader) Follow(ctx context.Context, q history.Query) iter.Seq2[*history.Step, error] {
	return func(yield func(*history.Step, error) bool) {
		live, err := open(r.base, r.opts)
		if err != nil {
			yield(nil, err)
			return
		}
		live.notes = r.notes
		f := &follower{ctx: ctx, r: live, v: newView(live, q), metaAt: live.metaSize}
		f.v.live = true
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
	src    *frameSource
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

func (f *follower) run(yield func(*history.Step, error) bool) error {
	volumes, offset := f.r.start(f.v.q.From)
	if err := f.enterFirst(volumes, offset); err != nil {
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

// enterFirst enters the first volume that can be read.
func (f *follower) enterFirst(volumes []Member, offset int64) error {
	for i, m := range volumes {
		err := f.enter(m, offset)
		if err == nil || i == len(volumes)-1 || !f.mayPass(err) {
			return err
		}
		offset = 0
	}
	return nil
}

// enterNew is enter for the volume that was begun last. Its label may be in the
// making; then the error is damage.
func (f *follower) enterNew(m Member) error {
	file, _, err := f.r.openAt(m, int32(m.Volume), leastBuffer)
	if err == nil {
		file.Close()
		return f.enter(m, 0)
	}
	if !f.mayPass(err) || f.tolerate(err, Pos{File: m.Path, Volume: m.Volume}) == nil {
		return err
	}
	s, e := f.r.volumeIn(m, 0, leastBuffer, unnoted)
	if s == nil {
		return cmp.Or(e, err)
	}
	s.f.Close()
	return f.enter(m, 0)
}

// enter begins to read a volume.
func (f *follower) enter(m Member, offset int64) error {
	s, err := f.r.volumeIn(m, offset, leastBuffer, f.v.damaged)
	if err != nil {
		return err
	}
	if s == nil {
		return emptyFile(m.Path)
	}
	f.close()
	f.file, f.src, f.done = s.f, s, false
	f.at = max(offset, s.first)
	return nil
}

// read yields the whole records that the volume has by now. What is needed to
// understand them was written before them.
func (f *follower) read(yield func(*history.Step, error) bool) (progress bool, err error) {
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
	s := f.src
	s.frames = newFrameReader(src, f.file.pos(f.at), readBuffer, f.r.opts.MaxRecord)
	for {
		frame, err := s.frames.next()
		if err == nil {
			err = f.v.record(frame, yield)
		}
		if err != nil {
			if err = f.tolerate(err, s.frames.pos); err == nil || !f.mayPass(err) {
				return progress, err
			}
			if err = f.pass(frame, err); errors.Is(err, errWait) {
				return progress, nil
			}
			if err != nil {
				return progress, err
			}
			progress = true
			continue
		}
		f.at = frame.Pos.Offset + int64(s.frames.last)
		progress = true
		if f.ctx.Err() != nil {
			return true, errStop
		}
	}
}

// mayPass reports whether err is damage that is to be passed over.
func (f *follower) mayPass(err error) bool { return !f.r.opts.Strict && isDamage(err) }

// pass passes over damage: a record that was refused, or all up to the next
// record. Nothing is done before that is written.
func (f *follower) pass(frame Frame, err error) error {
	s := f.src
	if frame.Payload != nil {
		f.at = frame.Pos.Offset + int64(len(frame.Payload)) + 8
		return s.refuse(frame, err)
	}
	var last *Damage
	s.lost = func(d *Damage) error {
		last = d
		return nil
	}
	defer func() { s.lost = f.v.damaged }()
	ok, err := s.find(err, false)
	if err != nil {
		return err
	}
	if !ok && !f.done {
		f.doubt = Pos{} // more may be written
		return errWait
	}
	f.at = s.frames.pos.Offset
	if err := f.v.damaged(last); err != nil || ok {
		return err
	}
	return errWait
}

// errWait says that nothing can be done before more is written.
var errWait = errors.New("wait")

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

// tolerate decides whether a failure at pos may be a record in the making: if it
// is met for the first time, for a writer's bytes may reach us in any order.
func (f *follower) tolerate(err error, pos Pos) error {
	switch {
	case errors.Is(err, io.EOF):
		return nil
	case errors.Is(err, errStop), !isDamage(err):
		return err
	case f.r.opts.Strict && errors.Is(err, pcp.ErrUnfinished):
		return nil
	case f.done:
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
	at, err := f.addMeta(true)
	if err != nil {
		err = f.tolerate(err, Pos{File: f.r.meta.Path, Role: RoleMeta, Offset: at})
	}
	if err != nil && f.mayPass(err) {
		_, err = f.addMeta(false)
	}
	return err
}

// addMeta adds the metadata from metaAt on up to its end or, if strict is set, up
// to damage. It returns where that is.
func (f *follower) addMeta(strict bool) (at int64, err error) {
	file, err := f.r.open(f.r.meta)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	if n, ok := file.Length(); ok && n <= f.metaAt {
		return f.metaAt, nil
	}
	torn := int64(-1)
	s := f.r.metaSource(file, leastBuffer, func(d *Damage) error {
		if d.Next < 0 {
			torn = d.Offset // it may become whole
			return nil
		}
		return f.r.noted(d)
	})
	s.strict = strict
	s.frames = file.frames(f.metaAt, readBuffer)
	err = f.r.addMeta(s)
	at = s.frames.pos.Offset
	if torn >= 0 {
		at = torn
	}
	if at > f.metaAt {
		f.metaAt = at
		f.v.grown()
	}
	return at, err
}

// nextVolume enters the volume after the one being read if there is one. Its
// writer ends a volume before it begins the next.
func (f *follower) nextVolume(yield func(*history.Step, error) bool) (bool, error) {
	if dir, _ := filepath.Split(f.r.base); !f.folder.changed(dir) {
		return false, nil
	}
	_, members, err := Members(f.r.base)
	if err != nil {
		return false, err
	}
	for i, m := range members {
		if m.Role != RoleData || m.Volume <= f.file.Volume {
			continue
		}
		f.folder = watch{} // it may not be good yet, and is looked at again
		if progress, err := f.read(yield); progress || err != nil {
			return true, err
		}
		if more, err := f.atEnd(); more || err != nil {
			return more, err
		}
		enter := func(m Member) error { return f.enter(m, 0) }
		if i == len(members)-1 {
			enter = f.enterNew
		}
		err := enter(m)
		if !isDamage(err) {
			return err == nil, err
		}
		// There is nothing in it, or not yet.
	}
	return false, nil
}

// atEnd makes sure that the volume being read is read to its end. It reports
// whether there is more in it, after damage.
func (f *follower) atEnd() (more bool, err error) {
	s := f.src
	s.frames = f.file.frames(f.at, leastBuffer)
	defer f.file.release()
	_, err = s.frames.next()
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	if err == nil || !f.mayPass(err) {
		return err == nil && !f.done, err
	}
	more, err = s.find(err, false)
	f.at = s.frames.pos.Offset
	return more, err
}
