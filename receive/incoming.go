package receive

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/dirsync"
	"github.com/pcparchive/pcparchive/internal/outlock"
	"github.com/pcparchive/pcparchive/internal/wire"
)

// incoming is an archive that is being received.
type incoming struct {
	number uint32
	label  *label
	name   string        // of the archive
	lock   *outlock.Lock // of the place where it will be published
	idle   time.Duration // after which it is complete

	mu          sync.Mutex
	dir         string // the folder that it is in
	meta, index *stream
	volumes     map[int32]*stream
	last        int32 // number of the last volume; -1 before the first
	decoder     *archive.ResultDecoder
	touched     time.Time
	ended       bool // published or removed
	pace        pace
}

// base returns the path of the archive without suffixes.
func (in *incoming) base() string { return filepath.Join(in.dir, in.name) }

// create writes the files that an archive has from the beginning.
func (in *incoming) create() (err error) {
	if err := os.Mkdir(in.dir, 0o755); err != nil {
		return err
	}
	in.volumes, in.last = map[int32]*stream{}, -1
	if in.meta, err = newStream(in.base()+".meta", in.label.of(wire.VolumeMeta), metaRule{in.label.Version}); err == nil {
		in.index, err = newStream(in.base()+".index", in.label.of(wire.VolumeIndex), indexRule{version: in.label.Version})
	}
	if err == nil {
		in.decoder, err = archive.NewResultDecoder(in.label.Version)
	}
	if err = errors.Join(err, dirsync.Sync(in.dir), dirsync.Sync(filepath.Dir(in.dir))); err != nil {
		return errors.Join(err, os.RemoveAll(in.dir))
	}
	return nil
}

// shown reports whether readers find the archive: it has a data record.
func (in *incoming) shown() bool {
	return filepath.Base(in.dir) == strconv.FormatUint(uint64(in.number), 10)
}

// size returns the number of bytes of all files.
func (in *incoming) size() int64 {
	n := in.meta.size + in.index.size
	for _, v := range in.volumes {
		n += v.size
	}
	return n
}

// volume returns the stream of a volume. It creates the one that follows the last.
func (in *incoming) volume(n int32) (*stream, error) {
	if v := in.volumes[n]; v != nil {
		return v, nil
	}
	now := dataRule{layout: in.label.layout, decoder: in.decoder, start: in.label.Start}
	if in.last >= 0 {
		former := in.volumes[in.last]
		switch {
		case n < in.last:
			return nil, refuse(statusConflict, "volume %d is out of order: volume %d was received before it", n, in.last)
		case former.start != former.size:
			return nil, &Refusal{Status: statusConflict, Offset: former.size, Reason: "volume " + strconv.Itoa(int(n)) +
				" is out of order: volume " + strconv.Itoa(int(in.last)) + " ends inside a record"}
		}
		now = former.rule.(dataRule)
	}
	v, err := newStream(in.base()+"."+strconv.Itoa(int(n)), in.label.of(n), now)
	if err != nil {
		return nil, err
	}
	in.volumes[n], in.last = v, n
	return v, dirsync.Sync(in.dir)
}

// latest reports whether bytes may still be added to a stream.
func (in *incoming) latest(s *stream) bool {
	return s == in.meta || s == in.index || s == in.volumes[in.last]
}

// restart makes a client begin again: the parts that it does not place come from the
// beginning.
func (in *incoming) restart() {
	n := int64(len(in.label.raw))
	for _, s := range in.streams() {
		s.cursor, s.doubt = n, false
	}
}

// streams returns all files.
func (in *incoming) streams() []*stream {
	all := []*stream{in.meta, in.index}
	for _, n := range slices.Sorted(maps.Keys(in.volumes)) {
		all = append(all, in.volumes[n])
	}
	return all
}

// complete returns the reason why the archive is not complete, "" if nothing says so.
func (in *incoming) incomplete() string {
	if in.last < 0 {
		return "it has no data record"
	}
	for _, s := range in.streams() {
		if s.start != s.size {
			return filepath.Base(s.path) + " ends inside a record"
		}
	}
	// A client that sends a whole archive sends the index before the volumes.
	last := in.index.rule.(indexRule).last
	v := in.volumes[last.Volume]
	switch {
	case last == archive.IndexEntry{}:
		return ""
	case last.Meta > in.meta.size:
		return "the index names metadata that did not arrive"
	case last.Volume > in.last || v != nil && last.Data > v.size:
		return "the index names records that did not arrive"
	}
	return ""
}

// cut makes an archive that nobody will continue consist of whole records.
func (in *incoming) cut() error {
	var failed error
	for _, s := range in.streams() {
		failed = errors.Join(failed, s.cut())
	}
	return errors.Join(failed, in.cutIndex())
}

// cutIndex removes the entries at the end of the index that name what did not arrive.
func (in *incoming) cutIndex() error {
	raw, err := os.ReadFile(in.index.path)
	if err != nil {
		return err
	}
	step := int(archive.IndexEntrySize(in.label.Version))
	keep := len(raw)
	for keep-step >= len(in.label.raw) {
		e, err := archive.DecodeIndexEntry(raw[keep-step:keep], in.label.Version)
		v := in.volumes[e.Volume]
		if err == nil && e.Volume <= in.last && e.Meta <= in.meta.size && (v == nil || e.Data <= v.size) {
			break
		}
		keep -= step
	}
	in.index.size, in.index.start = int64(keep), int64(keep)
	return os.Truncate(in.index.path, int64(keep))
}

// status returns the sizes of the files.
func (in *incoming) status() *Reply {
	r := &Reply{Archive: in.number, Meta: in.meta.size, Index: in.index.size, Volumes: map[string]int64{}, Success: true}
	for n, v := range in.volumes {
		r.Volumes[strconv.Itoa(int(n))] = v.size
	}
	return r
}
