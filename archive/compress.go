package archive

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/pcparchive/pcparchive/internal/decomp"
)

// Compression is a form in which data volumes are written. Metadata and index
// stay plain: they are read whole whatever the question, and can be appended to.
// The reference's tools spare the index only.
type Compression int8

// The forms.
const (
	CompressNone Compression = iota
	// CompressZstd is independent zstd frames of 1 MiB with a seek table: any
	// place is reached by decoding one frame. PCP reads it from 6.3.2 on.
	CompressZstd
	// CompressGzip is for readers older than that. A place is reached by
	// decoding all that precedes it.
	CompressGzip
)

var compressions = [...]struct {
	name, suffix string
	format       decomp.Format
}{
	CompressNone: {name: "none"},
	CompressZstd: {"zstd", ".zst", decomp.Zstd},
	CompressGzip: {"gzip", ".gz", decomp.Gzip},
}

// String returns the form's name: none, zstd or gzip.
func (c Compression) String() string {
	if c.valid() != nil {
		return "compression " + strconv.Itoa(int(c))
	}
	return compressions[c].name
}

// Suffix returns what follows the name of a volume; "" for CompressNone.
func (c Compression) Suffix() string {
	if c.valid() != nil {
		return ""
	}
	return compressions[c].suffix
}

// Set sets c from its name. With it, a Compression is the value of a flag.
func (c *Compression) Set(name string) error {
	for i, known := range compressions {
		if strings.EqualFold(name, known.name) {
			*c = Compression(i)
			return nil
		}
	}
	return errors.New("want zstd, gzip or none")
}

// Type names the value in help.
func (*Compression) Type() string { return "form" }

// valid refuses what is none of the constants.
func (c Compression) valid() error {
	if c < 0 || int(c) >= len(compressions) {
		return fmt.Errorf("compression %d is not known", int(c))
	}
	return nil
}

// packedFile is a file that is stored compressed. It is written in sequence.
type packedFile struct {
	disk
	enc   io.WriteCloser
	at    int64
	ended bool
}

// packInto makes f store what is written to it in form c.
func packInto(f disk, c Compression) (*packedFile, error) {
	enc, err := decomp.NewWriter(io.NewOffsetWriter(f, 0), compressions[c].format)
	if err != nil {
		return nil, err
	}
	return &packedFile{disk: f, enc: enc}, nil
}

// WriteAt writes what follows.
func (p *packedFile) WriteAt(b []byte, off int64) (int, error) {
	if off != p.at {
		return 0, fmt.Errorf("%s: written at %d instead of %d", p.Name(), off, p.at)
	}
	n, err := p.enc.Write(b)
	p.at += int64(n)
	return n, err
}

// Truncate does nothing: what was compressed is not taken back. It is called
// after a failure only.
func (p *packedFile) Truncate(int64) error { return nil }

// Sync completes the file and sees it to the disk.
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
