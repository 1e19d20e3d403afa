package decomp

import (
	"bufio"
	"compress/bzip2"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/therootcompany/xz"
)

// decoders holds the functions that prepare decoding a window, by format.
var decoders = [...]func(s *stored) error{
	Plain:    func(s *stored) error { s.dec = rawReader{s}; return nil },
	XZ:       openXZ,
	LZMA:     openLZMA,
	Bzip2:    func(s *stored) error { s.dec = bzip2.NewReader(bufio.NewReader(rawReader{s})); return nil },
	Gzip:     openGzip,
	Compress: openCompress,
	Zstd:     openZstd,
}

// isLimit reports whether a decoder refused to allocate the memory that a file
// requires.
func isLimit(err error) bool {
	return errors.Is(err, xz.ErrMemlimit) || errors.Is(err, errLZMALimit) ||
		errors.Is(err, zstd.ErrWindowSizeExceeded) || errors.Is(err, zstd.ErrDecoderSizeExceeded)
}

func openGzip(s *stored) (err error) {
	s.dec, err = gzip.NewReader(bufio.NewReader(rawReader{s}))
	return err
}

// pools keeps decoders of xz and zstd for reuse, because each takes megabytes
// and a file may have many windows.
var pools struct {
	sync.Mutex
	xz, zstd map[int64]*sync.Pool // by memory limit
}

func pool(of *map[int64]*sync.Pool, limit int64) *sync.Pool {
	pools.Lock()
	defer pools.Unlock()
	if *of == nil {
		*of = map[int64]*sync.Pool{}
	}
	p, ok := (*of)[limit]
	if !ok {
		p = &sync.Pool{}
		(*of)[limit] = p
	}
	return p
}

func openXZ(s *stored) error {
	if s.w.flags&xzBlock != 0 {
		if ok, err := openXZBlock(s); ok || err != nil {
			return err
		}
	}
	limit := min(s.f.limits.window(), math.MaxUint32)
	p := pool(&pools.xz, limit)
	src := io.Reader(rawReader{s})
	if s.w.flags&xzBlock != 0 {
		src = xzStream(src, s.w)
	}
	if d, ok := p.Get().(*xz.Reader); ok {
		s.dec, s.release = d, func() { p.Put(d) }
		return d.Reset(src)
	}
	d, err := xz.NewReader(src, uint32(limit))
	if d != nil {
		s.dec, s.release = d, func() { p.Put(d) }
	}
	return err
}

func openZstd(s *stored) error {
	limit := max(s.f.limits.window(), zstd.MinWindowSize)
	p := pool(&pools.zstd, limit)
	d, ok := p.Get().(*zstd.Decoder)
	if !ok {
		var err error
		d, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(uint64(limit)))
		if err != nil {
			return err
		}
	}
	s.dec, s.release = d, func() {
		if d.Reset(nil) == nil {
			p.Put(d)
		}
	}
	return d.Reset(rawReader{s})
}

// uint24 reads three bytes, least significant first.
func uint24(b []byte) uint32 {
	return uint32(binary.LittleEndian.Uint16(b)) | uint32(b[2])<<16
}
