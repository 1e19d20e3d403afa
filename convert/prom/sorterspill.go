package prom

import (
	"cmp"
	"context"
	"encoding/binary"
	"io"

	"github.com/pcparchive/pcparchive/internal/outlock"
)

// sortSpill is a temporary file of sorted runs. A record is
//
//	uvarint  milliseconds since the record before
//	uvarint  series number less that of the record before, zigzag, doubled;
//	         plus one: no number
//	8        value; or uvarint length and data
//
// A run begins as if after a record of time 0 and series 0.
type sortSpill struct {
	dir  string
	file *outlock.TempFile // nil until something was written
	size int64             // of what is in the file
	buf  []byte            // what follows it
}

// sortRun is where a run is in the file.
type sortRun struct{ from, to int64 }

const (
	sortBuffer  = 256 << 10
	maxSortHead = 2*binary.MaxVarintLen64 + 8 // of a record, without the data of what is no number
)

// write appends a run.
func (f *sortSpill) write(recs []sortRec, blobs []byte) (sortRun, error) {
	run := sortRun{from: f.size + int64(len(f.buf))}
	var t int64
	var id uint32
	for i := range recs {
		r := &recs[i]
		if len(f.buf) > sortBuffer-maxSortHead {
			if err := f.flush(); err != nil {
				return run, err
			}
		}
		kind := r.id >> 31
		delta := int64(r.id&^isBlob) - int64(id)
		b := binary.AppendUvarint(f.buf, uint64(r.t)-uint64(t))
		b = binary.AppendUvarint(b, uint64(delta<<1^delta>>63)<<1|uint64(kind))
		if kind == 0 {
			b = binary.LittleEndian.AppendUint64(b, r.v)
		} else {
			size := r.v & maxBlob
			b = binary.AppendUvarint(b, size)
			b = append(b, blobs[r.v>>lengthBits:][:size]...)
		}
		f.buf = b
		t, id = r.t, r.id&^isBlob
	}
	run.to = f.size + int64(len(f.buf))
	return run, nil
}

// flush moves the buffer to the file.
func (f *sortSpill) flush() error {
	if f.file == nil {
		file, err := outlock.NewTempFile(f.dir)
		if err != nil {
			return err
		}
		f.file = file
	}
	n, err := f.file.WriteAt(f.buf, f.size)
	f.size += int64(n)
	f.buf = f.buf[:0]
	return err
}

// close drops the file. It may be called more than once.
func (f *sortSpill) close() error {
	f.buf = nil
	if f.file == nil {
		return nil
	}
	err := f.file.Close()
	f.file = nil
	return err
}

// runReader reads a run.
type runReader struct {
	file  *outlock.TempFile
	from  int64 // of what is not in rest yet
	to    int64
	order int // among the runs
	buf   []byte
	rest  []byte // of buf
	rec   sortRec
	data  []byte // of what is no number, until next
}

// next reads the next record, if there is one.
func (r *runReader) next() (bool, error) {
	if len(r.rest) < maxSortHead && r.from < r.to {
		if err := r.fill(maxSortHead); err != nil {
			return false, err
		}
	}
	if len(r.rest) == 0 {
		return false, nil
	}
	dt, n := binary.Uvarint(r.rest)
	key, m := binary.Uvarint(r.rest[max(n, 0):])
	if n <= 0 || m <= 0 {
		return false, io.ErrUnexpectedEOF
	}
	r.rest = r.rest[n+m:]
	r.rec.t = int64(uint64(r.rec.t) + dt)
	delta := int64(key>>2) ^ -int64(key>>1&1)
	id := uint32(int64(r.rec.id&^isBlob) + delta)
	r.rec.id = id | uint32(key&1)<<31
	if key&1 != 0 {
		return true, r.blob()
	}
	if len(r.rest) < 8 {
		return false, io.ErrUnexpectedEOF
	}
	r.rec.v = binary.LittleEndian.Uint64(r.rest)
	r.rest = r.rest[8:]
	return true, nil
}

// blob reads the data of a record that is no number.
func (r *runReader) blob() error {
	size, n := binary.Uvarint(r.rest)
	if n <= 0 || size > maxBlob {
		return io.ErrUnexpectedEOF
	}
	r.rest = r.rest[n:]
	if len(r.rest) < int(size) {
		if err := r.fill(int(size)); err != nil {
			return err
		}
		if len(r.rest) < int(size) {
			return io.ErrUnexpectedEOF
		}
	}
	r.data, r.rest = r.rest[:size], r.rest[size:]
	return nil
}

// fill reads on so that rest has at least size bytes, if the run does.
func (r *runReader) fill(size int) error {
	if size > len(r.buf) {
		r.buf = append(make([]byte, 0, 2*size), r.rest...)[:2*size]
	} else {
		copy(r.buf, r.rest)
	}
	have := len(r.rest)
	want := min(int64(len(r.buf)-have), r.to-r.from)
	n, err := r.file.ReadAt(r.buf[have:have+int(want)], r.from)
	if int64(n) < want {
		return cmp.Or(err, io.ErrUnexpectedEOF)
	}
	r.from += want
	r.rest = r.buf[:have+n]
	return nil
}

// merge hands on all runs as one.
func (s *Sorter) merge(ctx context.Context) error {
	size := min(max(s.memory/2/int64(len(s.runs)), 4<<10), 1<<20)
	heap := make([]*runReader, 0, len(s.runs))
	for i, run := range s.runs {
		r := &runReader{file: s.spill.file, from: run.from, to: run.to, order: i, buf: make([]byte, size)}
		if _, err := r.next(); err != nil { // no run is empty
			return err
		}
		heap = append(heap, r)
	}
	for i := len(heap)/2 - 1; i >= 0; i-- {
		siftDown(heap, i)
	}
	for n := 0; len(heap) > 0; n++ {
		if n%checkEvery == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		top := heap[0]
		if err := s.put(&top.rec, top.data); err != nil {
			return err
		}
		more, err := top.next()
		if err != nil {
			return err
		}
		if !more {
			last := len(heap) - 1
			heap[0], heap = heap[last], heap[:last]
		}
		siftDown(heap, 0)
	}
	return nil
}

// before says whether r's record comes before that of o.
func (r *runReader) before(o *runReader) bool {
	return r.rec.t < o.rec.t || r.rec.t == o.rec.t && r.order < o.order
}

// siftDown restores the order of a heap whose element i may be too great.
func siftDown(heap []*runReader, i int) {
	for {
		least := 2*i + 1
		if least >= len(heap) {
			return
		}
		if right := least + 1; right < len(heap) && heap[right].before(heap[least]) {
			least = right
		}
		if !heap[least].before(heap[i]) {
			return
		}
		heap[i], heap[least] = heap[least], heap[i]
		i = least
	}
}
