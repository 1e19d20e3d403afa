package archive

import (
	"context"
	"errors"
	"io"
	"iter"
	"time"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

// Follow yields the steps that q selects as Steps does, and continues with
// steps that are written later into the same or new volumes. It waits for a
// record that is not yet written completely. It ends when ctx is done or it
// reads a record later than q.To. New metadata takes effect immediately; the
// result of r.Meta does not change. A record whose time leaps ahead waits for the next one,
// which shows whether the time is damaged.
//
// When ctx is done the sequence ends without an error. Follow skips damage as
// Steps does, once another record or a new volume follows. If the archive
// disappears the sequence ends with an error that wraps [fs.ErrNotExist]; if
// data already read disappears it ends with another error.
func (r *Reader) Follow(ctx context.Context, q history.Query) iter.Seq2[*history.Step, error] {
	return func(yield func(*history.Step, error) bool) {
		opts := r.opts
		opts.state = nil
		live, err := open(r.base, opts)
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

// follower reads a growing archive. It shares no state with the Reader.
type follower struct {
	ctx    context.Context
	r      *Reader
	v      *view
	file   *File // volume being read
	src    *frameSource
	at     int64 // offset of the next data record
	done   bool  // the volume is compressed and therefore complete
	last   bool  // a later volume exists
	metaAt int64 // offset of the next metadata record

	folder  watch
	waits   int // number of waits so far
	doubt   Pos // position of a record that was not readable
	doubted int // value of waits when the record at doubt was first read
}

func (f *follower) close() {
	if f.file != nil {
		f.file.Close()
		f.file = nil
	}
}

func (f *follower) run(yield func(*history.Step, error) bool) error {
	volumes, offset := f.r.start(f.v.q.From)
	f.r.begin(&f.v.line, volumes, offset)
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

// wait waits for more data. It returns false if no more will come.
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

// read yields the whole records that the volume has by now. The metadata that
// they need was written before them.
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
			var early bool
			if early, err = f.record(frame, yield); early {
				return progress, nil
			}
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

// record yields the step of a record unless the next one shows that its time is damaged.
// early reports that the time leaps and there is no next record yet.
func (f *follower) record(frame Frame, yield func(*history.Step, error) bool) (early bool, err error) {
	a, line := f.v.r.arriving(f.src, frame), &f.v.line
	if !a.timed || f.r.opts.Strict {
		return false, f.v.record(frame, yield)
	}
	next, known := f.src.frames.following(f.r.layout)
	switch last, ok := line.last(); {
	case !known && !f.done && !f.last && ok && last.Before(a.stamp) && line.leaps(last, a.stamp):
		return true, nil
	case known && line.event(a.stamp, next, known) && line.contradicted(a.stamp, next):
		line.passed(a.stamp)
		return false, f.v.drop(&a, next)
	}
	line.passed(a.stamp)
	return false, f.v.record(frame, yield)
}

// mayPass reports whether err is damage that Follow may skip.
func (f *follower) mayPass(err error) bool { return !f.r.opts.Strict && isDamage(err) }

// pass skips damage: either one rejected record, or everything up to the next
// record, for which it waits.
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
		f.doubt = Pos{} // more of the record may be written
		return errWait
	}
	f.at = s.frames.pos.Offset
	if err := f.v.damaged(last); err != nil || ok {
		return err
	}
	return errWait
}

// errWait: nothing can be done until more is written.
var errWait = errors.New("wait")

// unread returns the part of the volume from f.at to its present end. It
// ignores records that are written from now on.
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
			Detail: "the file was cut to " + plural(info.Size(), "byte"), Err: pcp.ErrUnfinished,
		}
	}
	return io.LimitReader(src, n), n > 0, nil
}

// tolerate decides whether a failure at pos may be caused by a record being
// written. It tolerates the first failure, because a writer's bytes may become
// visible in any order.
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
