package archive

import (
	"cmp"
	"errors"
	"io"
	"path/filepath"

	"github.com/pcparchive/pcparchive/history"
)

// enterFirst opens the first readable volume.
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

// enterNew opens the newest volume. While its label is being written, the error
// is damage.
func (f *follower) enterNew(m Member) error {
	file, _, err := f.r.openAt(m)
	if err == nil {
		file.Close()
		return f.enter(m, 0)
	}
	if !f.mayPass(err) || f.tolerate(err, Pos{File: m.Path, Volume: m.Volume}) == nil {
		return err
	}
	s, e := f.r.volumeIn(m, 0, leastBuffer, unnoted, nil)
	if s == nil {
		return cmp.Or(e, err)
	}
	s.f.Close()
	return f.enter(m, 0)
}

// enter opens a volume for reading from offset on.
func (f *follower) enter(m Member, offset int64) error {
	s, err := f.r.volumeIn(m, offset, leastBuffer, f.v.damaged, nil)
	if err != nil {
		return err
	}
	if s == nil {
		return emptyFile(m.Path)
	}
	f.close()
	f.file, f.src, f.done, f.last = s.f, s, false, false
	f.at = max(offset, s.first)
	return nil
}

// nextVolume opens the next volume if it exists. A writer completes a volume
// before it begins the next.
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
		f.folder = watch{} // the volume may not be readable yet; look again
		f.last = true
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
		// The volume is empty so far.
	}
	return false, nil
}

// atEnd checks that the current volume was read to its end. more is true if
// records follow damage.
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
