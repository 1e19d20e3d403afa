package decomp

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

const (
	gzipMagic   = "\x1f\x8b\x08" // with deflate, the only method
	gzipTrailer = 4              // bytes that store the length of a member's contents
	gzipRatio   = 1032           // greatest ratio of contents to stored bytes in deflate

	probe    = 4 << 10 // bytes that must be decodable at the start of a member or frame
	maxTries = 1000    // limits the decoding of bytes that only look like a header
)

// after returns the windows of the file and the index of the window at which a
// reader continues after the damaged window w. It first divides w if a gzip
// member or zstd frame begins inside it, after the damage.
func (f *File) after(w window) (table []window, next int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := 0
	for i < len(f.table) && f.table[i].in < w.in {
		i++
	}
	for i < len(f.table)-1 && f.table[i].in < w.in+w.stored && !f.table[i].damaged && f.table[i] != w {
		i++ // another reader has divided w
	}
	if i >= len(f.table) {
		return f.table, i
	}
	if f.table[i] == w && !w.damaged {
		parts := f.split(w)
		if parts == nil {
			w.damaged = true
			parts = []window{w}
		}
		divided := append(append(f.table[:i:i], parts...), f.table[i+1:]...)
		f.table = divided
		f.cache.put(&entry{key: key{f.id, tableOf}, table: divided})
		for !f.table[i].damaged {
			i++
		}
	}
	return f.table, i + 1
}

// split divides a window into the members or frames before the damage, the
// damaged one, and the rest. It returns nil if nothing follows the damage.
func (f *File) split(w window) (parts []window) {
	if f.format != Gzip && f.format != Zstd {
		return nil
	}
	pos, end, size := w.in, w.in+w.stored, int64(0)
	var got int64 // bytes decoded of the damaged part
	for {
		next, n, err := f.part(pos, end)
		if err != nil {
			got = n
			break
		}
		if size += n; next <= pos || next >= end {
			return nil
		}
		pos = next
	}
	next, ok := f.search(pos+1, end)
	if !ok {
		return nil
	}
	if pos > w.in {
		parts = append(parts, window{in: w.in, stored: pos - w.in, at: w.at, size: size})
	}
	lost, stated := f.stated(pos, next)
	if stated = stated && lost >= got; !stated {
		lost = got
	}
	rest := window{in: next, stored: end - next, at: w.at + size + lost, size: unknown}
	if w.size != unknown {
		if rest.size = w.size - size - lost; !stated || rest.size < 0 {
			return nil
		}
	}
	return append(parts, window{in: pos, stored: next - pos, at: w.at + size, size: lost, damaged: true}, rest)
}

// part decodes the member or frame at pos. It returns the offset of the next
// one and the length of the contents, as far as they could be decoded.
func (f *File) part(pos, end int64) (next, n int64, err error) {
	if f.format == Gzip {
		section := io.NewSectionReader(f.raw, pos, end-pos)
		in := bufio.NewReader(section)
		r, err := gzip.NewReader(in)
		if err != nil {
			return 0, 0, err
		}
		r.Multistream(false)
		n, err = io.Copy(io.Discard, struct{ io.Reader }{r})
		read, _ := section.Seek(0, io.SeekCurrent)
		return pos + read - int64(in.Buffered()), n, err
	}
	next, _ = zstdFrame(&table{src: f.raw, size: end}, pos)
	whole := next != unknown
	if !whole {
		next = end
	}
	r, err := f.decode(window{in: pos, stored: next - pos, size: unknown})
	if err != nil {
		return 0, 0, err
	}
	defer r.Close()
	n, err = io.Copy(io.Discard, struct{ io.Reader }{r})
	if err == nil && !whole {
		err = ErrCorrupt
	}
	return next, n, err
}

// search returns the offset of the first member or frame that begins between
// from and end and whose first bytes can be decoded.
func (f *File) search(from, end int64) (pos int64, ok bool) {
	magic := []byte(gzipMagic)
	if f.format == Zstd {
		magic = binary.LittleEndian.AppendUint32(nil, zstdMagic)
	}
	buf := make([]byte, 64<<10)
	for tries := 0; from < end; {
		n, err := f.raw.ReadAt(buf[:min(int64(len(buf)), end-from)], from)
		if err != nil && !errors.Is(err, io.EOF) || n < len(magic) {
			return 0, false
		}
		i := bytes.Index(buf[:n], magic)
		if i < 0 {
			from += int64(n - len(magic) + 1)
			continue
		}
		from += int64(i)
		if f.begins(from, end) {
			return from, true
		}
		if tries++; tries == maxTries {
			return 0, false
		}
		from++
	}
	return 0, false
}

// begins reports whether the first bytes of a member or frame at pos can be
// decoded.
func (f *File) begins(pos, end int64) bool {
	r, err := f.decode(window{in: pos, stored: end - pos, size: unknown})
	if err != nil {
		return false
	}
	defer r.Close()
	n, err := io.CopyN(io.Discard, r, probe)
	return err == nil || errors.Is(err, io.EOF) && n > 0
}

// stated returns the length of the contents that the damaged part from pos to
// next states in its trailer or header.
func (f *File) stated(pos, next int64) (size int64, ok bool) {
	if f.format == Gzip {
		var trailer [gzipTrailer]byte
		if _, err := f.raw.ReadAt(trailer[:], next-gzipTrailer); err != nil {
			return 0, false
		}
		size = int64(binary.LittleEndian.Uint32(trailer[:]))
		return size, size <= (next-pos)*gzipRatio
	}
	head := make([]byte, min(zstd.HeaderMaxSize, next-pos))
	var h zstd.Header
	if _, err := f.raw.ReadAt(head, pos); err != nil || h.Decode(head) != nil || !h.HasFCS {
		return 0, false
	}
	const most = 128 << 10 // contents of a block, which takes at least 3 bytes
	return int64(min(h.FrameContentSize, 1<<62)), h.FrameContentSize <= uint64(next-pos)*most
}
