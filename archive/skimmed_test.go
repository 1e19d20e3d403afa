package archive

import (
	"io"
	"math/rand/v2"
	"os"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/pcp"
)

// TestSkimMemory fills a skimMemory beyond its bound.
func TestSkimMemory(t *testing.T) {
	m, s := &skimMemory{left: skimLimit}, &skims{}
	records := make([]skimmed, 1000)
	for i := range records {
		records[i].off = int64(100 * i)
	}
	const parts = 2000
	for i := range parts {
		key := partKey{0, int64(i)}
		m.keep(s, key, 100_000, records)
		m.keep(s, key, 100_000, records) // known
		assert.Len(t, m.find(s, key, 5000, 100_000), 950)
		assert.NotEmpty(t, m.find(s, partKey{}, 0, 100_000), "what is used stays")
	}
	assert.Nil(t, m.find(s, partKey{0, 1}, 0, 100_000), "what is not used goes")
	assert.Nil(t, m.find(s, partKey{}, 50, 100_000), "no record begins there")
	assert.Nil(t, m.find(s, partKey{}, 0, 90_000), "the part ended elsewhere")
	assert.GreaterOrEqual(t, m.left, int64(0))
	assert.Equal(t, m.order.Len(), len(s.parts))
	assert.Less(t, len(s.parts), parts/2)
}

// countingReader counts the bytes read.
type countingReader struct {
	io.ReaderAt
	n atomic.Int64
}

func (r *countingReader) ReadAt(p []byte, off int64) (int, error) {
	r.n.Add(int64(len(p)))
	return r.ReaderAt.ReadAt(p, off)
}

// TestSkimmerReadsLittle counts what a skimmer reads of records of which the query wants
// none: a part of each the first time, nothing later.
func TestSkimmerReadsLittle(t *testing.T) {
	layout, _ := wire.For(pcp.V3)
	f, err := os.CreateTemp(t.TempDir(), "")
	require.NoError(t, err)
	defer f.Close()
	var all []byte
	for range 500 {
		res := &Result{Stamp: pcp.Timestamp{Sec: 1}}
		for id := range 500 {
			res.Sets = append(res.Sets, ValueSet{PMID: pcp.PMID(id), Format: Block, Values: []history.Value{history.NumberValue(pcp.InstNull, pcp.TypeU64, rand.Uint64())}})
		}
		all = appendResult(all, layout, res)
	}
	_, err = f.Write(all)
	require.NoError(t, err)
	src := &countingReader{ReaderAt: f}
	s := &skimmer{
		src: src, layout: layout, kinds: &recordKinds{}, ids: newIDFilter([]pcp.PMID{700}), max: DefaultMaxRecord, ended: func() bool { return false }, shapes: func() []*shape { return nil },
		wanted: map[*recordKind]bool{}, after: map[*recordKind]*recordKind{},
	}
	var st stretch
	end := int64(len(all))
	s.use(0, end, func() { s.skim(0, end, &st) })
	require.True(t, st.whole)
	assert.Len(t, st.records, 500)
	assert.Less(t, src.n.Load(), int64(len(all))*7/10)
	src.n.Store(0)
	s.use(0, end, func() { s.again(st.records, end, &st) })
	require.True(t, st.whole)
	assert.Zero(t, src.n.Load())
}
