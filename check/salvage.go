package check

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"iter"
	"os"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/finding"
	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/rewrite"
)

// ErrNothing reports that an archive holds no record that can be saved.
var ErrNothing = errors.New("nothing can be saved")

// Salvage checks an archive as [Archive] does and copies every record that can be decoded
// to a new archive at out. The copy is uncompressed and gets intact labels and a new
// temporal index. Findings that are errors name the lost records.
//
// Salvage yields an error last: [ErrNothing], or the failure of a write or of ctx. It
// never overwrites: if a file of an archive out exists, the error wraps [io/fs.ErrExist].
// If another process writes that archive, the error is an [*archive.InUseError]. The
// new archive appears complete or not at all.
func Salvage(ctx context.Context, path, out string, o *Options) iter.Seq2[finding.Finding, error] {
	return func(yield func(finding.Finding, error) bool) {
		aside, err := rewrite.NewAside(out)
		if err != nil {
			yield(finding.Finding{}, err)
			return
		}
		s := &sink{opts: o.withDefaults(), ctx: ctx, yield: func(f finding.Finding) bool { return yield(f, nil) }}
		c := newChecker(s)
		c.begin(baseOf(path))
		c.saver = &saver{base: aside.Base(), name: out, lowest: pcp.MaxTime}
		c.run()
		c.end()
		stopped := s.cancelled()
		if err = c.saver.finish(stopped); err == nil && !stopped {
			err = aside.Publish()
		}
		if replaced := aside.Replaced(); err == nil && !stopped && len(replaced) > 0 && s.opts.Replaced != nil {
			s.opts.Replaced(out)
		}
		if err = errors.Join(err, ctx.Err(), aside.Remove()); err != nil && !s.left {
			yield(finding.Finding{}, err)
		}
	}
}

// saver writes the salvaged archive. A nil saver does nothing.
type saver struct {
	base    string // base path while the archive is incomplete
	name    string // base path of the complete archive
	label   []byte // the first intact label as stored, with its frame
	layout  *wire.Layout
	files   []*savedFile
	meta    *savedFile
	data    *savedFile // the volume being written; nil before its first record
	index   *archive.IndexMaker
	lowest  pcp.Timestamp // the earliest time of a data record
	descs   int           // number of descriptors written
	records int           // number of data records written
	err     error         // the first failure of a write
}

// savedFile is a file being written.
type savedFile struct {
	f    *os.File
	w    *bufio.Writer
	size int64
}

// use sets the label that the files of the new archive get.
func (s *saver) use(m *member) {
	if s != nil {
		s.label, s.layout = m.label, m.layout
	}
}

// create creates a file and writes its label. It returns nil after a failure.
func (s *saver) create(suffix string, volume int32) *savedFile {
	if s.err != nil {
		return nil
	}
	f, err := os.OpenFile(s.base+suffix, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		s.err = err
		return nil
	}
	file := &savedFile{f: f, w: bufio.NewWriterSize(f, walkBuffer)}
	s.files = append(s.files, file)
	at := 12 + s.layout.StampSize
	s.write(file, s.label[:at])
	s.write(file, wire.AppendU32(nil, uint32(volume)))
	s.write(file, s.label[at+4:])
	return file
}

func (s *saver) write(file *savedFile, b []byte) {
	if s.err == nil {
		_, s.err = file.w.Write(b)
		file.size += int64(len(b))
	}
}

// frame writes a payload with its two lengths.
func (s *saver) frame(file *savedFile, payload []byte) {
	length := wire.AppendU32(nil, uint32(len(payload)+8))
	s.write(file, length)
	s.write(file, payload)
	s.write(file, length)
}

// metadata copies a metadata record of a member.
func (s *saver) metadata(m *member, payload []byte, rec archive.Record) {
	if s == nil || s.err != nil || m.layout != s.layout {
		return
	}
	if s.meta == nil {
		if s.meta = s.create(".meta", wire.VolumeMeta); s.meta == nil {
			return
		}
		s.index = archive.NewIndexMaker(s.meta.size)
	}
	if rec.Kind() == pcp.KindDesc {
		s.descs++
	}
	s.frame(s.meta, payload)
	s.index.Meta(rec, s.meta.size)
}

// volume ends the current data volume. record creates the next one.
func (s *saver) volume() {
	if s != nil {
		s.data = nil
	}
}

// record copies a data record of a volume.
func (s *saver) record(m *member, payload []byte, t pcp.Timestamp) {
	if s == nil || s.err != nil || m.layout != s.layout || s.meta == nil {
		return
	}
	if s.data == nil {
		if s.data = s.create(fmt.Sprintf(".%d", m.Volume), int32(m.Volume)); s.data == nil {
			return
		}
	}
	s.index.Data(t, int32(m.Volume), s.data.size)
	s.records++
	if t.Before(s.lowest) {
		s.lowest = t
	}
	s.frame(s.data, payload)
}

// finish writes the index and closes the files. After a failure, or if abandon is true,
// it removes them.
func (s *saver) finish(abandon bool) error {
	if s.err == nil && !abandon && (s.records == 0 || s.descs == 0) {
		s.err = fmt.Errorf("archive %s: no data or no descriptions of metrics: %w", s.name, ErrNothing)
	}
	if s.err == nil && !abandon {
		if index := s.create(".index", wire.VolumeIndex); index != nil {
			for _, e := range s.index.Finish(s.meta.size) {
				raw := wire.AppendU32(s.layout.AppendStamp(nil, e.Stamp), uint32(e.Volume))
				s.write(index, s.layout.AppendOffset(s.layout.AppendOffset(raw, e.Meta), e.Data))
			}
		}
	}
	for _, file := range s.files {
		s.err = errors.Join(s.err, s.close(file))
	}
	if s.err != nil || abandon {
		for _, file := range s.files {
			os.Remove(file.f.Name())
		}
	}
	return s.err
}

// close closes a file. It moves the start in the label back to the earliest record,
// because readers skip records that are earlier than the start.
func (s *saver) close(file *savedFile) error {
	err := file.w.Flush()
	if d := wire.NewDec(pcp.KindHeader, s.label[12:]); s.lowest.Before(s.layout.Stamp(&d)) && s.layout.Fits(pcp.Timestamp{Sec: s.lowest.Sec}) {
		_, werr := file.f.WriteAt(s.layout.AppendStamp(nil, s.lowest), 12)
		err = errors.Join(err, werr)
	}
	return errors.Join(err, file.f.Close())
}
