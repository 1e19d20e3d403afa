package scrape

import (
	"container/heap"
	"testing"
	"unsafe"

	"github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/assert"

	"github.com/pcparchive/pcparchive/convert/mapper"
)

// fakeSeries is a series that a test forgets.
type fakeSeries struct {
	nativeSeries
	gone bool
}

func (f *fakeSeries) Forgotten() bool { return f.gone }

// A reference to a forgotten series never leads to the series that takes its place.
func TestReferences(t *testing.T) {
	var r references
	given := map[storage.SeriesRef]*fakeSeries{}
	alive := map[storage.SeriesRef]*fakeSeries{}
	for round := range 50 {
		for range 20 {
			ser := &fakeSeries{}
			of := r.add(ser)
			assert.NotContains(t, given, of)
			assert.NotZero(t, of)
			assert.Zero(t, of&healthRef)
			given[of], alive[of] = ser, ser
		}
		n := 0
		for of, ser := range alive {
			if n++; n%3 == round%3 {
				ser.gone = true
				delete(alive, of)
			}
		}
		dropped := 0
		r.sweep(func(ser pageSeries) {
			assert.True(t, ser.Forgotten())
			dropped++
		})
		assert.Equal(t, len(given), r.used+len(given)-len(alive))
		for of, ser := range given {
			if alive[of] == nil {
				assert.Nil(t, r.series(of))
			} else {
				assert.Same(t, ser, r.series(of))
			}
		}
		assert.Positive(t, dropped)
	}
	assert.Less(t, len(r.places), len(given)/2, "places are used again")
	assert.Nil(t, r.series(0))
	assert.Nil(t, r.series(1<<31))
	assert.Nil(t, r.series(healthRef))
}

// A sample of a page stays small, and the buffer of a page has the room that the page before
// needed.
func TestSampleRoom(t *testing.T) {
	assert.LessOrEqual(t, unsafe.Sizeof(pageSample{}), uintptr(40))
	const many = 1 << 17
	src := &source{rec: &Recorder{shared: newShared(nil, nil)}, mapped: &mapper.Source{}}
	s := &scrape{src: src}
	s.samples = make([]pageSample, many)
	s.release()
	next := &scrape{src: src}
	next.makeRoom()
	assert.GreaterOrEqual(t, cap(next.samples), many)
	assert.Empty(t, next.samples)
}

// A scrape that is written is not held by the queue that it waited in.
func TestQueueHoldsNothing(t *testing.T) {
	q := make(scrapeQueue, 0, 4)
	for n := range int64(3) {
		heap.Push(&q, &scrape{t: n, src: &source{}})
	}
	for n := range int64(3) {
		assert.Equal(t, n, heap.Pop(&q).(*scrape).t)
	}
	for _, s := range q[:cap(q)] {
		assert.Nil(t, s)
	}
}
