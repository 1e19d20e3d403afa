package archive

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/pcparchive/pcparchive/internal/decomp"
)

// Compression is a form in which files of archives are written. Writers compress volumes
// only. Metadata and index stay plain, because readers always read all of them and an Appender must be
// able to append. PCP's tools compress the metadata, too.
type Compression int8

// The forms.
const (
	CompressNone Compression = iota
	// CompressZstd writes independent zstd frames of 1 MiB with a seek table.
	// Reading at any offset decodes one frame. PCP supports it from 6.3.2 on.
	CompressZstd
	// CompressGzip serves older readers. Reading at an offset decodes
	// everything before it.
	CompressGzip
	// CompressXZ writes blocks of 4 MiB. Every PCP reads it, at any offset by decoding one
	// block. It makes the shortest files and takes the most time.
	CompressXZ
)

var compressions = [...]struct {
	name, suffix string
	format       decomp.Format
}{
	CompressNone: {name: "none"},
	CompressZstd: {"zstd", ".zst", decomp.Zstd},
	CompressGzip: {"gzip", ".gz", decomp.Gzip},
	CompressXZ:   {"xz", ".xz", decomp.XZ},
}

// String returns the name of the form: none, zstd, gzip or xz.
func (c Compression) String() string {
	if c.valid() != nil {
		return "compression " + strconv.Itoa(int(c))
	}
	return compressions[c].name
}

// Suffix returns the file name suffix of a volume, "" for CompressNone.
func (c Compression) Suffix() string {
	if c.valid() != nil {
		return ""
	}
	return compressions[c].suffix
}

// Set sets c to the form called name. Set, String and Type make Compression a
// flag value.
func (c *Compression) Set(name string) error {
	for i, known := range compressions {
		if strings.EqualFold(name, known.name) {
			*c = Compression(i)
			return nil
		}
	}
	return errors.New("want zstd, gzip, xz or none")
}

// Type returns the name that command line help shows for the value.
func (*Compression) Type() string { return "form" }

// valid returns an error for an undefined form.
func (c Compression) valid() error {
	if c < 0 || int(c) >= len(compressions) {
		return fmt.Errorf("compression %d is not known", int(c))
	}
	return nil
}

// NewWriter returns a writer that compresses to w. Close completes the output and leaves w
// open.
func (c Compression) NewWriter(w io.Writer) (io.WriteCloser, error) {
	if err := c.valid(); err != nil {
		return nil, err
	}
	return decomp.NewWriter(w, compressions[c].format)
}

// packedFile is a compressed file that is written sequentially.
type packedFile struct {
	disk
	enc   io.WriteCloser
	at    int64
	ended bool
}

// packInto returns a file that compresses its contents into f in form c.
func packInto(f disk, c Compression) (*packedFile, error) {
	enc, err := c.NewWriter(io.NewOffsetWriter(f, 0))
	if err != nil {
		return nil, err
	}
	return &packedFile{disk: f, enc: enc}, nil
}

// WriteAt appends b, for which off must be the end of the file.
func (p *packedFile) WriteAt(b []byte, off int64) (int, error) {
	if off != p.at {
		return 0, fmt.Errorf("%s: written at %d instead of %d", p.Name(), off, p.at)
	}
	n, err := p.enc.Write(b)
	p.at += int64(n)
	return n, err
}

// Truncate does nothing, because compressed data cannot be taken back.
// Appenders call it only after an error.
func (p *packedFile) Truncate(int64) error { return nil }

// Sync completes the file and waits until it is on the disk.
func (p *packedFile) Sync() error { return errors.Join(p.end(), p.disk.Sync()) }

// Close completes and closes the file.
func (p *packedFile) Close() error { return errors.Join(p.end(), p.disk.Close()) }

func (p *packedFile) end() error {
	if p.ended {
		return nil
	}
	p.ended = true
	return p.enc.Close()
}
