package archive

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/pcparchive/pcparchive/internal/eof"
	"github.com/pcparchive/pcparchive/pcp"
)

// surveyFolder finds files that exist in several forms, and volumes in an
// unknown form.
func (t *tail) surveyFolder(base string, last Member) error {
	dir, name := filepath.Split(base)
	found, err := membersOf(dir, name)
	if err != nil {
		return err
	}
	for _, m := range found {
		switch {
		case m.Role == RoleMeta && m.Path != t.metaFile.Path:
			same, err := sameContents(t.metaFile, m)
			if err != nil {
				return err
			}
			if !same {
				return fmt.Errorf("%s and %s differ; remove the one that is wrong: %w", t.metaFile.Path, m.Path, pcp.ErrMismatch)
			}
			t.twins = append(t.twins, m)
		case m.Role == RoleIndex && m.Compress != "": // stored plain, see surveyIndex
			t.twins = append(t.twins, m)
		case m.Role == RoleData && m.Volume == last.Volume && m.Path != last.Path && !t.volume.ended:
			like, err := compare(last, m)
			if err != nil && !isDamage(err) && !damaged(err) {
				return err
			}
			if like == equal || like == fragment && t.data == last.Size { // a crash left it while the volume was being compressed
				t.twins = append(t.twins, m)
				t.recovered = append(t.recovered, Recovery{File: m.Path, Action: RecoveryRemoved, Kept: last.Path})
			} else {
				t.end(m.Volume, last.Size)
			}
		}
	}
	if t.metaPacked {
		t.twins = append(t.twins, t.metaFile)
	}
	return t.foreign(dir, name)
}

// foreign gives the next volume a number above those of volumes in an unknown
// form, which it reports as left.
func (t *tail) foreign(dir, name string) error {
	entries, err := os.ReadDir(dir + ".")
	if err != nil {
		return err
	}
	for _, e := range entries {
		rest, ok := strings.CutPrefix(e.Name(), name+".")
		if _, _, member := splitMember(e.Name()); !ok || member || e.IsDir() || isText(Member{Path: dir + e.Name()}) {
			continue
		}
		number, _, _ := strings.Cut(rest, ".")
		n, err := strconv.ParseInt(number, 10, 32)
		if err == nil && strconv.FormatInt(n, 10) == number && n > int64(t.volume.number) {
			t.leave(dir+e.Name(), 0, 0, fmt.Errorf("volume in an unknown form: %w", errors.ErrUnsupported))
			t.end(int(n), t.data)
		}
	}
	return nil
}

// end ends volume number, so that the next record begins a new volume.
func (t *tail) end(number int, size int64) {
	if !t.volume.ended {
		t.volume.before += size
	}
	t.volume.number, t.volume.ended, t.volume.records = int32(number), true, 1
}

// sameContents reports whether two files have the same decompressed contents.
func sameContents(a, b Member) (bool, error) {
	var src [2]io.Reader
	for i, m := range []Member{a, b} {
		f, err := OpenMember(m, nil)
		if err != nil {
			return false, err
		}
		defer f.Close()
		src[i] = f.From(0)
	}
	var buf [2][32 << 10]byte
	for {
		n, err := io.ReadFull(src[0], buf[0][:])
		k, err2 := io.ReadFull(src[1], buf[1][:])
		if n != k || buf[0] != buf[1] {
			return false, nil
		}
		switch {
		case err == nil && err2 == nil:
		case eof.Is(err) && eof.Is(err2):
			return true, nil
		default:
			return false, errors.Join(err, err2)
		}
	}
}
