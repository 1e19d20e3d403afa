package archive

import (
	"encoding/binary"
	"errors"
	"hash/maphash"
	"io"
	"runtime"
	"sync"
	"weak"

	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// descriptions finds the descriptors and help texts of archives by what is stored of
// them, so that archives of a host, which usually repeat them, decode and hold them
// once. They remain as long as an archive uses them.
type descriptions struct {
	seed maphash.Seed

	mu    sync.Mutex
	known map[described]weak.Pointer[meta.Descriptions]
}

// described identifies descriptors and texts: their records by hash, and the length
// of these.
type described struct {
	sum   uint64 // hash of the records in any order
	order uint64 // hash of their order; zero if the order has no meaning
	size  int64
}

// add adds a record.
func (d *described) add(seed maphash.Seed, payload []byte) {
	h := maphash.Bytes(seed, payload)
	d.sum += h
	d.order = d.order*31 + h
	d.size += int64(len(payload)) + 8
}

// unordered returns the identity without the order.
func (d described) unordered() described {
	d.order = 0
	return d
}

func newDescriptions() *descriptions {
	return &descriptions{seed: maphash.MakeSeed(), known: map[described]weak.Pointer[meta.Descriptions]{}}
}

// get returns Descriptions, nil if none are known.
func (p *descriptions) get(k described) *meta.Descriptions {
	p.mu.Lock()
	defer p.mu.Unlock()
	if d := p.known[k.unordered()].Value(); d != nil {
		return d
	}
	return p.known[k].Value()
}

// put adds Descriptions, and returns those that are known already.
func (p *descriptions) put(k described, d *meta.Descriptions) *meta.Descriptions {
	if d.Unordered() {
		k = k.unordered()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if known := p.known[k].Value(); known != nil {
		return known
	}
	p.known[k] = weak.Make(d)
	runtime.AddCleanup(d, p.forget, k)
	return d
}

// forget removes Descriptions that no archive uses any more.
func (p *descriptions) forget(k described) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known[k].Value() == nil {
		delete(p.known, k)
	}
}

// loadTimed reads the metadata file but decodes only the records with a time, and
// takes descriptors and texts from the archives that are known. ok is false if they
// must be read; id then identifies them, unless it is zero because of damage.
func (r *Reader) loadTimed(f *File) (id described, ok bool) {
	timed := meta.NewStore()
	damaged := errors.New("damaged")
	s := r.metaSource(f, readBuffer, func(*Damage) error { return damaged })
	s.strict = true
	if s.beginMeta(r) != nil {
		return id, false
	}
	times := r.newMetaTimes(func(a *arrival) error { return add(timed, a.rec) }, s.lost)
	for {
		frame, err := s.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || f.Compressed() && frame.Pos.Offset > r.opts.MaxMetadata {
			return described{}, false
		}
		if timeless(frame.Payload, r.layout) {
			id.add(r.opts.described.seed, frame.Payload)
			continue
		}
		rec, err := r.decodeFitting(frame.Payload)
		if err == nil {
			err = times.add(rec, frame.Pos, int64(len(frame.Payload))+8)
		}
		if err != nil {
			return described{}, false
		}
	}
	if times.end() != nil {
		return described{}, false
	}
	d := r.opts.described.get(id)
	if d == nil {
		return id, false
	}
	timed.Describe(d)
	r.store, r.metaSize, r.timeless = timed, s.frames.pos.Offset, id.size
	return id, true
}

// timeless reports whether a metadata record has no time: whether it is a descriptor
// or a text.
func timeless(payload []byte, l *wire.Layout) bool {
	if len(payload) < 4 {
		return false
	}
	kind, _, ok := wire.TagKind(int32(binary.BigEndian.Uint32(payload)), l)
	return ok && (kind == pcp.KindDesc || kind == pcp.KindText)
}

// DescriptionSize returns the number of bytes of metadata read that other archives
// may share: descriptors and help texts.
func (r *Reader) DescriptionSize() int64 { return r.timeless }
