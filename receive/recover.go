package receive

import (
	"bytes"
	"errors"
	"fmt"
	"hash/maphash"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/outlock"
)

// recover takes up the archives that an earlier receiver left.
func (r *Receiver) recover() error {
	entries, err := os.ReadDir(r.aside())
	if err != nil {
		return err
	}
	for _, e := range entries {
		text := strings.TrimPrefix(e.Name(), outlock.Prefix)
		number, err := strconv.ParseUint(text, 10, 31)
		if err != nil || number == 0 || !e.IsDir() || strconv.FormatUint(number, 10) != text {
			continue
		}
		dir := filepath.Join(r.aside(), e.Name())
		in, err := r.takeUp(dir, uint32(number))
		switch {
		case errors.Is(err, errNothing):
			r.opts.Logger.Info("removing an archive of which nothing was received", "folder", dir)
			if err := os.RemoveAll(dir); err != nil {
				return err
			}
		case err != nil:
			r.opts.Logger.Error("cannot continue to receive an archive; its files stay where they are", "folder", dir, "err", err)
		default:
			r.add(in)
			r.opts.Logger.Info("continuing to receive an archive", "host", in.label.Host, "archive", in.name, "number", number, "bytes", in.size())
		}
	}
	return nil
}

// errNothing: the receiver was killed before it replied to the label.
var errNothing = errors.New("nothing was received")

// takeUp returns the archive in a folder.
func (r *Receiver) takeUp(dir string, number uint32) (*incoming, error) {
	metas, err := filepath.Glob(filepath.Join(dir, "*.meta"))
	if err != nil || len(metas) == 0 {
		return nil, errNothing
	}
	in := &incoming{number: number, dir: dir, name: strings.TrimSuffix(filepath.Base(metas[0]), ".meta"), idle: r.opts.Idle, volumes: map[int32]*stream{}, last: -1, pace: r.pace()}
	if in.label, err = readLabel(metas[0]); err != nil {
		return nil, err
	}
	if in.decoder, err = archive.NewResultDecoder(in.label.Version); err != nil {
		return nil, err
	}
	if in.meta, err = in.reopen(".meta", metaRule{in.label.Version}); err == nil {
		in.index, err = in.reopen(".index", indexRule{version: in.label.Version})
	}
	if err != nil {
		return nil, err
	}
	if err := in.reopenVolumes(); err != nil {
		return nil, err
	}
	info, err := os.Stat(in.base() + ".meta")
	if err != nil {
		return nil, err
	}
	in.touched = info.ModTime()
	for _, s := range in.streams() {
		if info, err := os.Stat(s.path); err == nil && info.ModTime().After(in.touched) {
			in.touched = info.ModTime()
		}
	}
	if now := r.opts.now(); now.Sub(in.touched) < r.opts.Abandon {
		in.touched = now // its client had no chance to continue
	}
	if in.lock, err = outlock.Take(filepath.Join(r.dir, in.label.Host, in.name)); err != nil {
		return nil, err
	}
	return in, nil
}

// reopenVolumes reopens the volumes in ascending order.
func (in *incoming) reopenVolumes() error {
	_, members, err := archive.Members(in.base())
	if err != nil {
		return err
	}
	now := dataRule{layout: in.label.layout, decoder: in.decoder, start: in.label.Start}
	for _, m := range members {
		if m.Role != archive.RoleData {
			continue
		}
		v, err := in.reopen("."+strconv.Itoa(m.Volume), now)
		if errors.Is(err, errNothing) {
			if err := os.Remove(m.Path); err != nil { // killed while it was created
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		now = v.rule.(dataRule)
		in.volumes[int32(m.Volume)], in.last = v, int32(m.Volume)
	}
	return nil
}

// readLabel reads the label of a file. The error is errNothing if it is not complete.
func readLabel(path string) (*label, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	n, err := framed(raw)
	if err != nil || n == 0 || n > int64(len(raw)) {
		return nil, errNothing
	}
	l, refusal := parseLabel(raw[:n])
	if refusal != nil {
		return nil, refusal
	}
	return l, nil
}

// reopen returns the stream of a file. It reads the file, and removes bytes at its end
// that no record can begin with: they were written by a receiver that was killed before
// it replied.
func (in *incoming) reopen(suffix string, now rule) (*stream, error) {
	s := &stream{path: in.base() + suffix, progress: progress{rule: now}, doubt: true, seed: maphash.MakeSeed()}
	info, err := os.Stat(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errNothing
	}
	if err != nil {
		return nil, err
	}
	n := int64(len(in.label.raw))
	s.size, s.start = n, n
	if info.Size() < n {
		return nil, errNothing
	}
	head, err := s.read(0, n)
	if err != nil {
		return nil, err
	}
	if in.label.setVolume(head, 0); !bytes.Equal(head, in.label.raw) {
		return nil, fmt.Errorf("%s: belongs to another archive", s.path)
	}
	err = s.walk(info.Size())
	s.cursor = s.size
	return s, err
}

// step is the number of bytes that walk reads at once.
const step = 1 << 20

// walk follows the records up to the end of the file.
func (s *stream) walk(end int64) error {
	for s.size < end {
		raw, err := s.read(s.size, min(step, end-s.size))
		if err != nil {
			return err
		}
		next, err := s.check(raw)
		var refusal *Refusal
		if errors.As(err, &refusal) {
			return s.truncate()
		}
		if err != nil {
			return err
		}
		s.progress = next
		s.size += int64(len(raw))
	}
	return nil
}

// truncate removes what follows the last whole record. It finds the record by walking
// the last bytes again, one record at a time.
func (s *stream) truncate() error {
	s.size = s.start
	for {
		head, err := s.read(s.start, headSize)
		if err != nil {
			return err
		}
		n, err := s.rule.length(head)
		if err != nil || n == 0 {
			break
		}
		record, err := s.read(s.start, n)
		if err != nil {
			return err
		}
		if int64(len(record)) < n {
			break
		}
		next, err := s.after(record)
		if err != nil {
			break
		}
		s.progress, s.size = next, next.start
	}
	return os.Truncate(s.path, s.size)
}

// settled reports whether nothing arrived for so long that the archive is complete.
func (in *incoming) settled(now time.Time) bool { return now.Sub(in.touched) >= in.idle }
