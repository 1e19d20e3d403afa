package input

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/pcparchive/pcparchive/internal/decomp"
)

// Options change how Open opens a file.
type Options struct {
	// Stdin is the standard input. It may be nil if the File is not standard input.
	Stdin io.Reader
	// Progress is called after each read with the number of bytes read from the file, before
	// decompression. It may be nil.
	Progress func(bytes int)
}

// magicSize is the number of bytes that identify a compression.
const magicSize = 16

// Open opens the file and decompresses it. For a file that is not compressed, the result
// is an [io.Seeker]. Open rejects compressed pipes and compressed standard input, because
// decompression needs random access.
func (f File) Open(o Options) (io.ReadCloser, error) {
	if o.Progress == nil {
		o.Progress = func(int) {}
	}
	if f.Size < 0 {
		return f.stream(io.NopCloser(o.Stdin), o)
	}
	file, err := os.Open(f.Name)
	if err != nil {
		return nil, err
	}
	if info, err := file.Stat(); err == nil && !info.Mode().IsRegular() {
		return f.stream(file, o)
	}
	magic := make([]byte, magicSize)
	n, err := file.ReadAt(magic, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, errors.Join(err, file.Close())
	}
	if decomp.Detect(magic[:n]) == decomp.Plain {
		return &plainFile{file, o.Progress}, nil
	}
	id := decomp.ID{Name: f.Name, Size: f.Size, ModTime: f.Time}
	packed, err := decomp.Open(&countingReaderAt{ReaderAt: file, progress: o.Progress}, id, decomp.Limits{}, decomp.NewCache(0))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", f.Name, err), file.Close())
	}
	r := packed.NewReader(0)
	return &packedFile{r, func() error { return errors.Join(r.Close(), file.Close()) }}, nil
}

// stream opens standard input or a pipe, which can be read once.
func (f File) stream(in io.ReadCloser, o Options) (io.ReadCloser, error) {
	r := bufio.NewReader(countingReader{in, o.Progress})
	magic, _ := r.Peek(magicSize) // the first Read returns the error
	if format := decomp.Detect(magic); format != decomp.Plain {
		return nil, errors.Join(fmt.Errorf("%s: compressed with %v; only a file may be compressed, so decompress the data first", f.Name, format), in.Close())
	}
	return &stream{r, in}, nil
}

// stream is data that can be read once.
type stream struct {
	io.Reader
	io.Closer
}

// countingReader reports the number of bytes of each read.
type countingReader struct {
	io.Reader
	progress func(int)
}

// Read reads and reports the number of bytes.
func (c countingReader) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.progress(n)
	return n, err
}

// plainFile is a file that is not compressed.
type plainFile struct {
	*os.File
	progress func(int)
}

// Read reads and reports the number of bytes.
func (p *plainFile) Read(b []byte) (int, error) {
	n, err := p.File.Read(b)
	p.progress(n)
	return n, err
}

// packedFile is the decompressed content of a file.
type packedFile struct {
	io.Reader
	close func() error
}

// Close closes the decompressor and the file.
func (p *packedFile) Close() error { return p.close() }

// countingReaderAt reports the number of bytes of each read. A decompressor reads each byte
// about once, in several goroutines; they call progress one at a time.
type countingReaderAt struct {
	io.ReaderAt
	mu       sync.Mutex
	progress func(int)
}

// ReadAt reads and reports the number of bytes.
func (c *countingReaderAt) ReadAt(b []byte, off int64) (int, error) {
	n, err := c.ReaderAt.ReadAt(b, off)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.progress(n)
	return n, err
}
