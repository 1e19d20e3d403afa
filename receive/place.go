package receive

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/dirsync"
	"github.com/pcparchive/pcparchive/internal/outlock"
)

// mostNames is the number of archives of a host that may begin in the same minute.
const mostNames = 100

// place gives an archive its name and locks it.
func (r *Receiver) place(in *incoming) error {
	folder := filepath.Join(r.dir, in.label.Host)
	if err := makeFolder(folder); err != nil {
		return err
	}
	for i := range mostNames {
		in.name = in.label.name()
		if i > 0 {
			in.name += fmt.Sprintf("-%02d", i)
		}
		path := filepath.Join(folder, in.name)
		if _, members, err := archive.Members(path); err == nil {
			if sameLabel(members, in.label) {
				return refuse(statusConflict, "the archive %s/%s is complete already", in.label.Host, in.name)
			}
			continue
		}
		lock, err := outlock.Take(path)
		if errors.As(err, new(*archive.InUseError)) {
			continue
		}
		in.lock = lock
		return err
	}
	return refuse(statusConflict, "%d archives of the host %s begin in the same minute", mostNames, in.label.Host)
}

// makeFolder creates the folder of a host. It does not follow a link to elsewhere.
func makeFolder(folder string) error {
	err := os.Mkdir(folder, 0o755)
	if err == nil {
		return dirsync.Sync(filepath.Dir(folder))
	}
	info, statErr := os.Lstat(folder)
	switch {
	case !errors.Is(err, os.ErrExist):
		return err
	case statErr != nil:
		return statErr
	case !info.IsDir():
		return refuse(statusLabel, "%s exists and is not a folder", filepath.Base(folder))
	}
	return nil
}

// sameLabel reports whether the first file of an archive has a label.
func sameLabel(members []archive.Member, l *label) bool {
	f, err := archive.OpenMember(members[0], nil)
	if err != nil {
		return false
	}
	defer f.Close()
	for frame, err := range archive.Frames(f.From(0), archive.Pos{}, maxRecord) {
		if err != nil || len(frame.Payload) != len(l.raw)-8 {
			return false
		}
		raw := append(append(l.raw[:4:4], frame.Payload...), l.raw[:4]...)
		l.setVolume(raw, 0)
		return string(raw) == string(l.raw)
	}
	return false
}

// find returns the archive with a number.
func (r *Receiver) find(number uint32) (*incoming, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if in := r.byID[number]; in != nil {
		return in, nil
	}
	if path, ok := r.ended[number]; ok {
		return nil, refuse(statusGone, "the archive %d is complete: %s", number, path)
	}
	return nil, refuse(statusGone, "there is no archive %d; begin with its label", number)
}
