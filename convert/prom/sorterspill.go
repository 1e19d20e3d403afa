package prom

import (
	"cmp"
	"context"
	"encoding/binary"
	"io"

	"github.com/pcparchive/pcparchive/internal/spill"
)

// A spilled record is
//
//	uvarint  milliseconds since the previous record
//	uvarint  series number minus that of the previous record, zigzag, doubled;
//	         plus one if the record has a blob
//	8        value; for a blob: uvarint length and data
//
// The first record of a run is relative to time 0 and series 0.

// sortRun is where a run is in the file.
type sortRun struct{ from, to int64 }

const (
	sortBuffer  = 256 << 10
	maxSortHead = 2*binary.MaxVarintLen64 + 8 // size of a record without its blob
)

// writeRun appends sorted records to the file.
func writeRun(f *spill.File, recs []sortRec, blobs []byte) (sortRun, error) {
	run := sortRun{from: f.Size()}
	var t int64
	var id uint32
	for i := range recs {
		r := &recs[i]
		kind := r.id >> 31
		room := maxSortHead
		if kind != 0 {
			room += int(r.v & maxBlob)
		}
		b, err := f.Reserve(room)
		if err != nil {
			return run, err
		}
		delta := int64(r.id&^isBlob) - int64(id)
		b = binary.AppendUvarint(b, uint64(r.t)-uint64(t))
		b = binary.AppendUvarint(b, uint64(delta<<1^delta>>63)<<1|uint64(kind))
		if kind == 0 {
			b = binary.LittleEndian.AppendUint64(b, r.v)
		} else {
			size := r.v & maxBlob
			b = binary.AppendUvarint(b, size)
			b = append(b, blobs[r.v>>lengthBits:][:size]...)
		}
		f.Keep(b)
		t, id = r.t, r.id&^isBlob
	}
	run.to = f.Size()
	return run, nil
}

// runReader reads a run.
type runReader struct {
	file  *spill.File
	from  int64 // offset of the data that follows rest
	to    int64 // end of the run
	order int   // position among the runs
	buf   []byte
	rest  []byte // unread part of buf
	rec   sortRec
	data  []byte // the record's blob, valid until next
}

// next reads the next record and reports whether there was one.
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

// blob reads the blob of a record.
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

// fill reads more of the run until rest has size bytes or the run ends.
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

// merge delivers all runs as one sorted sequence.
func (s *Sorter) merge(ctx context.Context) error {
	size := min(max(s.memory/2/int64(len(s.runs)), 4<<10), 1<<20)
	heap := make([]*runReader, 0, len(s.runs))
	for i, run := range s.runs {
		r := &runReader{file: &s.spill, from: run.from, to: run.to, order: i, buf: make([]byte, size)}
		if _, err := r.next(); err != nil { // every run has a record
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

// before reports whether r's record sorts before that of o.
func (r *runReader) before(o *runReader) bool {
	return r.rec.t < o.rec.t || r.rec.t == o.rec.t && r.order < o.order
}

// siftDown restores the heap order after element i was replaced by a greater one.
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
