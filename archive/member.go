package archive

import (
	"errors"
	"io"
	"io/fs"
	"os"

	"github.com/pcparchive/pcparchive/internal/decomp"
	"github.com/pcparchive/pcparchive/internal/fdpool"
	"github.com/pcparchive/pcparchive/internal/fileid"
	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/pcp"
)

// ErrCompressed says that a compressed file is damaged.
var ErrCompressed = errors.New("compressed data is damaged")

// File reads the contents of an archive's file, decompressed if it is
// compressed with xz, lzma, bzip2, gzip, compress or zstd. The first bytes
// determine the format; the name does not matter. A File has one owner.
type File struct {
	Member
	f      openedFile
	d      *decomp.File
	reader *decomp.Reader // result of the last From
	ahead  *readAhead     // reads ahead from reader; nil without reading ahead
	max    int
	stop   func() error // ends reading; see history.Query. May be nil
	held   func()       // releases what spool holds in temporary files; may be nil

	asBefore bool // the file is the one of the reader's State, perhaps longer
	same     bool // the file has not changed since then
}

// openedFile is a file of the operating system.
type openedFile interface {
	io.Closer
	Stat() (os.FileInfo, error)
}

// OpenMember opens a file of an archive for tools that inspect and repair. It
// checks only how the file is compressed. A nil o means defaults.
func OpenMember(m Member, o *ReadOptions) (*File, error) {
	return openMember(m, o.withDefaults())
}

// LabelVolume returns the volume number that the label of a file should have; see
// [Header].Volume.
func (m Member) LabelVolume() int32 {
	switch m.Role {
	case RoleMeta:
		return wire.VolumeMeta
	case RoleIndex:
		return wire.VolumeIndex
	}
	return int32(m.Volume)
}

// Header returns the label of a file, which may differ from those of the archive's other
// files. The error of a file without a record wraps [ErrNoData].
func (m Member) Header() (*Header, error) {
	f, err := OpenMember(m, nil)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.label()
}

// label returns the label of the file.
func (f *File) label() (*Header, error) {
	frame, err := f.frames(0, leastBuffer).next()
	if errors.Is(err, io.EOF) {
		return nil, ErrNoData
	}
	if err != nil {
		return nil, err
	}
	return DecodeHeader(frame.Payload)
}

func openMember(m Member, o ReadOptions) (*File, error) {
	f, err := fdpool.Open(m.Path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, err
	}
	m.Size = info.Size()
	var raw io.ReaderAt = f
	before, known := o.state.find(m.Path)
	known = known && os.SameFile(before.info, info)
	if known {
		m.Size = min(m.Size, before.Size)
		raw = io.NewSectionReader(f, 0, m.Size)
	}
	id := decomp.ID{Name: m.Path, Size: m.Size, ModTime: info.ModTime(), File: fileid.Of(info)}
	d, err := decomp.Open(raw, id, decomp.Limits{Window: o.MaxWindow, Stop: o.Stop}, o.cache)
	if err != nil {
		f.Close()
		return nil, err
	}
	return &File{Member: m, f: f, d: d, max: o.MaxRecord, asBefore: known && (before.same(info) || info.Size() > before.Size), same: known && before.same(info)}, nil
}

// mapping returns a function that calls do with bytes of a plain file, mapped into memory. It
// returns nil for other files.
func (f *File) mapping() func(from, to int64, do func([]byte)) error {
	if mappable, ok := f.f.(*fdpool.File); ok && !f.Compressed() {
		return mappable.Mapped
	}
	return nil
}

// Compressed reports whether the file is compressed.
func (f *File) Compressed() bool { return f.d.Format() != decomp.Plain }

// Length returns the length of the contents in bytes. ok is false if finding it
// requires decompressing the file.
func (f *File) Length() (n int64, ok bool) { return f.d.Size() }

// ReadAt reads the contents at off. In a compressed file it may have to
// decompress everything before off.
func (f *File) ReadAt(p []byte, off int64) (int, error) {
	n, err := f.d.ReadAt(p, off)
	return n, f.locate(err, off+int64(n))
}

// From returns a reader of the contents from off on. It is valid until the next
// call.
func (f *File) From(off int64) io.Reader {
	f.release()
	f.reader = f.d.NewReader(off)
	if f.stop != nil {
		f.reader.Until(f.stop)
	}
	return f.reader
}

// frames returns the records from off on. Use leastBuffer to read a single
// record, readBuffer to read on.
func (f *File) frames(off int64, buffer int64) *frameReader {
	f.release() // stop reading ahead, which uses f
	n, ok := f.Length()
	if ok {
		buffer = min(buffer, n-off)
	}
	fr := newFrameReader(f.From(off), f.pos(off), buffer, f.max)
	if buffer == readBuffer && (!ok || n-off > aheadFrom) {
		f.ahead = fr.in.startAhead()
	}
	return fr
}

func (f *File) pos(off int64) Pos {
	return Pos{File: f.Path, Role: f.Role, Volume: f.Volume, Offset: off}
}

// locate adds the position in the file to a decompressor's error.
func (f *File) locate(err error, off int64) error {
	if err == nil || errors.Is(err, io.EOF) {
		return err
	}
	return locate(err, f.pos(off), 0)
}

func (f *File) release() {
	if f.ahead != nil {
		f.ahead.stop()
		f.ahead = nil
	}
	if f.reader != nil {
		f.reader.Close()
		f.reader = nil
	}
}

// Close closes the file.
func (f *File) Close() error {
	f.release()
	if f.held != nil {
		f.held()
		f.held = nil
	}
	return f.f.Close()
}

// open opens a file of the archive. It finds a file that was compressed or
// decompressed after r was opened under its new name.
func (r *Reader) open(m Member) (*File, error) {
	f, err := r.find(m)
	if err == nil {
		if err = r.checkOwner(f); err != nil {
			f.Close()
			return nil, err
		}
	}
	return f, err
}

// find is open without a look at whose file it is.
func (r *Reader) find(m Member) (*File, error) {
	f, err := openMember(m, r.opts)
	if !errors.Is(err, fs.ErrNotExist) {
		return f, err
	}
	_, members, again := Members(r.base)
	if again != nil {
		return nil, err
	}
	opts := r.opts
	opts.state = nil // then, the file may have been half written beside the one that is gone
	for _, now := range members {
		if now.Role == m.Role && now.Volume == m.Volume && now.Path != m.Path {
			return openMember(now, opts)
		}
	}
	return nil, err
}

// openAt opens a file, checks its label and returns the records that follow.
func (r *Reader) openAt(m Member) (*File, *frameReader, error) {
	f, err := r.open(m)
	if err != nil {
		return nil, nil, err
	}
	frames := f.frames(0, leastBuffer)
	if err := r.checkHeader(frames, m.Role, m.LabelVolume()); err != nil {
		f.Close()
		return nil, nil, err
	}
	return f, frames, nil
}

// volumeFrom opens a data volume to read its records from offset on; zero means
// from the beginning. It calls lost for damage that it skips. In a volume with
// a damaged label it searches for records, and returns nil if there are none.
func (r *Reader) volumeFrom(m Member, offset int64, lost func(*Damage) error) (*frameSource, error) {
	return r.volumeIn(m, offset, readBuffer, lost, nil)
}

// volumeIn does the same as volumeFrom with a buffer of the given length. stop is that of
// a history.Query.
func (r *Reader) volumeIn(m Member, offset, buffer int64, lost func(*Damage) error, stop func() error) (*frameSource, error) {
	f, err := r.open(m)
	if err != nil {
		return nil, err
	}
	f.stop = stop
	s := &frameSource{f: f, strict: r.opts.Strict, lost: lost, ended: m.Volume != r.volumes[len(r.volumes)-1].Volume}
	s.valid = func(payload []byte) bool {
		s.valid = plausible(r.layout, r.header.Start) // used only after damage
		return s.valid(payload)
	}
	if offset > 0 {
		s.frames = f.frames(0, leastBuffer)
	} else {
		s.frames = f.frames(0, buffer)
	}
	ok, err := s.begin(r, m)
	if err != nil || !ok {
		f.Close()
		return nil, err
	}
	if offset > 0 {
		s.frames = f.frames(max(offset, s.first), buffer)
	}
	return s, nil
}

// begin reads the label of a data volume. ok reports whether records may
// follow.
func (s *frameSource) begin(r *Reader, m Member) (ok bool, err error) {
	err = r.checkHeader(s.frames, m.Role, int32(m.Volume))
	if err == nil {
		s.first = s.frames.pos.Offset + int64(s.frames.last)
		return true, nil
	}
	if s.strict || !isDamage(err) || r.header == nil {
		return false, err
	}
	switch field := otherField(err); {
	case field == "volume":
		s.first = s.frames.pos.Offset + int64(s.frames.last)
		return true, s.lost(&Damage{File: m.Path, Next: -1, Err: err})
	case field != "", errors.Is(err, ErrNoData):
		return false, s.lost(&Damage{File: m.Path, Bytes: s.rest(0), Next: -1, Err: err, Unused: true})
	}
	s.frames.last, s.frames.skip = 0, 0
	ok, err = s.find(err, true)
	s.first = s.frames.pos.Offset
	return ok, err
}

// nextWindow returns the offset at which the next window of a compressed file
// begins.
func (f *File) nextWindow() (off int64, ok bool) {
	if f.reader == nil {
		return 0, false
	}
	return f.reader.Next()
}

// fault returns the error for a compressed file that cannot be read further at
// the record at pos.
func fault(err *decomp.Error, pos Pos) error {
	fe := &pcp.FormatError{File: pos.File, Kind: pcp.KindNone, Offset: pos.Offset, Detail: err.Where(), Err: ErrCompressed}
	if errors.Is(err, decomp.ErrLimit) {
		fe.Err = pcp.ErrLimit
	}
	return fe
}
