package archive

import (
	"errors"
	"io"
	"io/fs"
	"os"

	"github.com/pcparchive/pcparchive/internal/decomp"
	"github.com/pcparchive/pcparchive/pcp"
)

// ErrCompressed says that a compressed file is damaged.
var ErrCompressed = errors.New("compressed data is damaged")

// File is an open file of an archive, read as what it holds: decompressed if it
// is compressed with xz, lzma, bzip2, gzip, compress or zstd. The contents tell,
// the name does not matter. A File has one owner.
type File struct {
	Member
	f      openedFile
	d      *decomp.File
	reader *decomp.Reader // of the last From
	ahead  *readAhead     // reads from it; nil: nobody does
	max    int
}

// openedFile is what is asked of the file itself.
type openedFile interface {
	io.Closer
	Stat() (os.FileInfo, error)
}

// OpenMember opens a file of an archive for tools that inspect and repair. It
// looks at nothing but what tells how the file is compressed. A nil o means
// defaults.
func OpenMember(m Member, o *ReadOptions) (*File, error) {
	return openMember(m, o.withDefaults())
}

func openMember(m Member, o ReadOptions) (*File, error) {
	f, err := os.Open(m.Path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, err
	}
	m.Size = info.Size()
	id := decomp.ID{Name: m.Path, Size: m.Size, ModTime: info.ModTime()}
	d, err := decomp.Open(f, id, decomp.Limits{Window: o.MaxWindow}, o.cache)
	if err != nil {
		f.Close()
		return nil, err
	}
	return &File{Member: m, f: f, d: d, max: o.MaxRecord}, nil
}

// Compressed reports whether the file is compressed.
func (f *File) Compressed() bool { return f.d.Format() != decomp.Plain }

// Length returns how many bytes the file holds. Of some compressed files that
// is known only after reading them: ok is false.
func (f *File) Length() (n int64, ok bool) { return f.d.Size() }

// ReadAt reads what the file holds. For a compressed file it may decompress all
// that precedes.
func (f *File) ReadAt(p []byte, off int64) (int, error) {
	n, err := f.d.ReadAt(p, off)
	return n, f.locate(err, off+int64(n))
}

// From returns a reader of what the file holds from off on. It is valid until
// the next call.
func (f *File) From(off int64) io.Reader {
	f.release()
	f.reader = f.d.NewReader(off)
	return f.reader
}

// frames returns the records from off on. A buffer of leastBuffer suits who
// looks at one, readBuffer who reads on.
func (f *File) frames(off int64, buffer int64) *frameReader {
	f.release() // what is read ahead has f to itself
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

// locate says where in the file a decompressor failed.
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
	return f.f.Close()
}

// open opens a file of r's archive. One that was compressed or decompressed
// since r looked is found under its new name.
func (r *Reader) open(m Member) (*File, error) {
	f, err := openMember(m, r.opts)
	if !errors.Is(err, fs.ErrNotExist) {
		return f, err
	}
	_, members, again := Members(r.base)
	if again != nil {
		return nil, err
	}
	for _, now := range members {
		if now.Role == m.Role && now.Volume == m.Volume && now.Path != m.Path {
			return openMember(now, r.opts)
		}
	}
	return nil, err
}

// openAt opens a file, checks its label and returns the records that follow.
func (r *Reader) openAt(m Member, volume int32, buffer int64) (*File, *frameReader, error) {
	f, err := r.open(m)
	if err != nil {
		return nil, nil, err
	}
	frames := f.frames(0, buffer)
	if err := r.checkHeader(frames, m.Role, volume); err != nil {
		f.Close()
		return nil, nil, err
	}
	return f, frames, nil
}

// openVolume opens a data volume. One after the first that has no good label is
// passed over, as the reference does: all results are nil.
func (r *Reader) openVolume(m Member, buffer int64) (*File, *frameReader, error) {
	f, frames, err := r.openAt(m, int32(m.Volume), buffer)
	var damage *pcp.FormatError
	if errors.As(err, &damage) && m.Volume != r.volumes[0].Volume {
		r.warn(err)
		return nil, nil, nil
	}
	return f, frames, err
}

// openVolumeFrom opens a data volume to read its records from offset on, 0 for
// its beginning.
func (r *Reader) openVolumeFrom(m Member, offset int64) (*File, *frameReader, error) {
	if offset == 0 {
		return r.openVolume(m, readBuffer)
	}
	f, frames, err := r.openVolume(m, leastBuffer)
	if err == nil && f != nil {
		frames = f.frames(offset, readBuffer)
	}
	return f, frames, err
}

// fault explains why a compressed file cannot be read further, for a record at
// pos.
func fault(err *decomp.Error, pos Pos) error {
	fe := &pcp.FormatError{File: pos.File, Kind: pcp.KindNone, Offset: pos.Offset, Detail: err.Where(), Err: ErrCompressed}
	if errors.Is(err, decomp.ErrLimit) {
		fe.Err = pcp.ErrLimit
	}
	return fe
}
