package archive

import (
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/pcparchive/pcparchive/internal/defect"
	"github.com/pcparchive/pcparchive/pcp"
)

// The sizes of the parts of a volume that are skimmed.
const (
	skimPart = 2 << 20  // about this long
	skimMost = 16 << 20 // never longer
	skimFrom = 2        // a query that needs fewer parts reads the volume in one go
	skimmers = 4        // at most so many parts at a time
)

// part is a part of a volume that is skimmed from an offset to its end.
type part struct {
	key      partKey
	from, to int64
}

// parts returns the parts of a volume to skim from an offset on; the last one ends where
// the query does. By the index, records begin at their ends. parts returns nil if the volume
// is to be read in one go.
func (v *view) parts(m Member, offset int64) (all []part) {
	if v.ids == nil || v.live || v.back || v.r.opts.Strict || m.Compress != "" {
		return nil
	}
	from := int64(v.r.layout.HeaderSize)
	for i := range v.r.hints {
		e := &v.r.hints[i]
		if int(e.Volume) != m.Volume || e.Data < from+skimPart {
			continue
		}
		if e.Data > offset {
			if e.Data > max(from, offset)+skimMost {
				break
			}
			all = append(all, part{partKey{m.Volume, from}, max(from, offset), e.Data})
		}
		if from = e.Data; e.Stamp.After(v.q.To) {
			break
		}
	}
	if len(all) < skimFrom {
		return nil
	}
	return all
}

// skim takes the records of parts of a volume, and returns the offset at which reading goes
// on. Several goroutines skim, this one decodes. The first part begins
// where s stands.
func (v *view) skim(s *frameSource, parts []part) (next int64, err error) {
	next = s.frames.pos.Offset + int64(s.frames.last)
	if s.f.Compressed() || parts[0].to <= next {
		return next, nil // its name does not say so, or its label is damaged
	}
	parts[0].from = next
	w := v.skimming(s.f, parts)
	v.work = w
	defer func() {
		v.work = nil
		w.end()
	}()
	for i := range parts {
		st := <-w.done[i]
		for j := range st.records {
			if err := v.stopped(); err != nil {
				return 0, err
			}
			if err := v.skimmed(s, st, j); err != nil {
				return 0, err
			}
		}
		if next = st.to; !st.whole {
			break
		}
		w.free <- st
	}
	return next, nil
}

// skimmed takes a record of a stretch.
func (v *view) skimmed(s *frameSource, st *stretch, i int) error {
	r := &st.records[i]
	v.came = arrival{src: s, pos: s.f.pos(r.off), size: int64(r.size) + 8, stamp: r.stamp, timed: int(r.size) >= v.r.layout.StampSize, kind: r.kind}
	switch {
	case r.at <= firstLoad:
		l := st.loads[firstLoad-r.at]
		v.came.shape, v.came.words = l.shape, st.words[l.from:l.to]
	case r.at != notRead:
		v.came.payload = st.arena[r.at:][:r.size:r.size]
	}
	var next pcp.Timestamp
	known := i+1 < len(st.records)
	if known {
		next = st.records[i+1].stamp
	}
	return v.arrive(next, known)
}

// skimming is the work of the goroutines that skim parts of a volume.
type skimming struct {
	r      *Reader
	f      *File
	parts  []part
	shapes atomic.Pointer[[]*shape] // of records that the query wants
	taken  atomic.Int64             // parts that a goroutine works or has worked on
	done   []chan *stretch          // by part
	free   chan *stretch            // limits the number of parts in memory
	ended  atomic.Bool
	all    sync.WaitGroup
}

// skimming begins to skim parts of a volume.
func (v *view) skimming(f *File, parts []part) *skimming {
	n := min(runtime.GOMAXPROCS(0), skimmers)
	w := &skimming{r: v.r, f: f, parts: parts, done: make([]chan *stretch, len(parts)), free: make(chan *stretch, n+1)}
	for range cap(w.free) {
		w.free <- &stretch{}
	}
	w.share(&v.shapes)
	for i := range w.done {
		w.done[i] = make(chan *stretch, 1)
	}
	for range n {
		s := &skimmer{
			src: f.d, mapped: f.mapping(), layout: v.r.layout, kinds: &v.r.skims.kinds, ids: v.ids, max: f.max, ended: w.ended.Load,
			shapes: func() []*shape { return *w.shapes.Load() }, wanted: map[*recordKind]bool{}, after: map[*recordKind]*recordKind{},
		}
		w.all.Go(func() { w.run(s) })
	}
	return w
}

// share tells the goroutines the shapes of records that the query wants.
func (w *skimming) share(known *shapes) {
	all := known.numeric()
	w.shapes.Store(&all)
}

// run skims parts until there are no more. It takes memory first and then the next part, so
// that the parts in memory are those that are needed next.
func (w *skimming) run(s *skimmer) {
	for st := range w.free {
		i := int(w.taken.Add(1)) - 1
		if i >= len(w.parts) || w.ended.Load() {
			return
		}
		p := w.parts[i]
		if failed := defect.Catch(func() { w.part(s, p, st) }); failed != nil {
			st.reset(p.from) // the pass reads the part by itself
			w.r.warn(failed)
		}
		w.done[i] <- st
	}
}

// part skims a part of which the records may be known.
func (w *skimming) part(s *skimmer, p part, st *stretch) {
	if w.f.asBefore {
		if known := w.r.opts.skims.find(w.r.skims, p.key, p.from, p.to); known != nil {
			s.in = &readPart{src: s.src, at: known[0].off} // of few records, mapping costs more than copying
			s.again(known, p.to, st)
			return
		}
	}
	s.use(p.from, p.to, func() { s.skim(p.from, p.to, st) })
	if w.f.asBefore && st.whole && p.from == p.key.from {
		w.r.opts.skims.keep(w.r.skims, p.key, p.to, st.records)
	}
}

// end ends the goroutines.
func (w *skimming) end() {
	w.ended.Store(true)
	close(w.free)
	w.all.Wait()
}
