package archive

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/filemap"
	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// TestSkimmerLoads skims records of which the query wants one metric. Of those that have a known
// shape a skimmer takes the values alone, and it keeps the others, which differ from the
// shape in one bit. It does so where the records are read, where they are mapped into memory, and
// where they are read because half of what was mapped is lost.
func TestSkimmerLoads(t *testing.T) {
	const records, metrics, wanted = 300, 200, 77
	layout, _ := wire.For(pcp.V3)
	var all []byte
	var offsets []int
	values := make([]uint64, records)
	for i := range records {
		res := &Result{Stamp: pcp.Timestamp{Sec: int64(i)}}
		for id := range metrics {
			if id == wanted {
				values[i] = rand.Uint64()
			}
			set := ValueSet{PMID: pcp.PMID(id), Format: Block, Values: []history.Value{history.NumberValue(pcp.InstNull, pcp.TypeU64, values[i])}}
			if id%3 == 0 {
				set.Format, set.Values = InSitu, []history.Value{history.WordValue(pcp.InstNull, rand.Uint32())}
			}
			res.Sets = append(res.Sets, set)
		}
		offsets = append(offsets, len(all))
		all = appendResult(all, layout, res)
	}
	rd := resultDecoder{layout: layout, want: func(id pcp.PMID) bool { return id == wanted }}
	first := all[4 : offsets[1]-4]
	res, err := rd.decode(first)
	require.NoError(t, err)
	var value history.Value
	known := newShape(first, layout.StampSize, res, func(int) *history.Value { return &value })
	known.kind = (&recordKinds{}).of(all[:offsets[1]-4], layout.StampSize)
	require.NotNil(t, known.kind)
	for _, i := range []int{40, 41, 200} {
		all[offsets[i]+4+layout.StampSize+4+3] ^= 0x40 // the identifier of the first metric
	}
	name := filepath.Join(t.TempDir(), "v")
	require.NoError(t, os.WriteFile(name, all, 0o600))
	f, err := os.Open(name)
	require.NoError(t, err)
	defer f.Close()
	s := &skimmer{
		src: f, layout: layout, kinds: &recordKinds{}, ids: newIDFilter([]pcp.PMID{wanted}), max: DefaultMaxRecord, ended: func() bool { return false },
		shapes: func() []*shape { return []*shape{known} }, wanted: map[*recordKind]bool{}, after: map[*recordKind]*recordKind{},
	}
	var st stretch
	check := func() {
		t.Helper()
		require.True(t, st.whole)
		require.Len(t, st.records, records)
		kept := 0
		for i, r := range st.records {
			if r.at >= 0 {
				kept++
				assert.Contains(t, []int{40, 41, 200}, i)
				assert.Equal(t, all[offsets[i]+4:][:r.size], st.arena[r.at:][:r.size])
				continue
			}
			l := st.loads[firstLoad-r.at]
			l.shape.put(st.words[l.from:l.to])
			assert.Equal(t, values[i], value.Bits)
			assert.Same(t, known.kind, r.kind)
		}
		assert.Equal(t, 3, kept)
	}
	end := int64(len(all))
	lost := func(_, to int64, do func([]byte)) error {
		do(all[:to/2])
		return &filemap.FaultError{File: name, Offset: to / 2}
	}
	mapped := func(from, to int64, do func([]byte)) error { return filemap.Use(f, from, to, do) }
	for _, s.mapped = range []func(from, to int64, do func([]byte)) error{nil, mapped, lost} {
		s.use(0, end, func() { s.skim(0, end, &st) })
		check()
		known := slices.Clone(st.records)
		s.use(0, end, func() { s.again(known, end, &st) })
		check()
	}
}

// growRenamed writes an archive of about 6 MB. All records of its metrics are alike, but the
// instances of the last metric get other names every few records.
func growRenamed(t *testing.T, base string) {
	t.Helper()
	const metrics, records, every = 600, 300, 7
	start := pcp.Timestamp{Sec: 1_700_000_000}
	a, err := Create(base, Header{Host: "renamed", Zone: "UTC", Start: start}, nil)
	require.NoError(t, err)
	domain := pcp.NewInDomID(60, 1)
	for i := range metrics {
		d := &meta.Desc{PMID: pcp.PMID(i + 1), Type: pcp.TypeU64, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{fmt.Sprint("renamed.m", i)}}
		if i == metrics-1 {
			d.InDom = domain
		}
		require.NoError(t, a.Define(d))
	}
	for i := range records {
		start = start.Add(time.Second)
		if i%every == 0 {
			in := &meta.InDom{Stamp: start, ID: domain}
			for id := range 3 {
				in.Instances = append(in.Instances, meta.Instance{ID: pcp.InstID(id), Name: fmt.Sprint("i", id, " of ", i)})
			}
			require.NoError(t, a.SetInDom(in))
		}
		res := &Result{Stamp: start}
		for m := range metrics {
			set := ValueSet{PMID: pcp.PMID(m + 1), Format: Block, Values: []history.Value{history.NumberValue(pcp.InstNull, pcp.TypeU64, uint64(i*m))}}
			if m == metrics-1 {
				set.Values = nil
				for id := range 3 {
					set.Values = append(set.Values, history.NumberValue(pcp.InstID(id), pcp.TypeU64, uint64(i*id)))
				}
			}
			res.Sets = append(res.Sets, set)
		}
		require.NoError(t, a.Append(res))
	}
	require.NoError(t, a.Close())
}

// namedSteps returns the steps of a metric with the names of its instances. seen, which may be nil,
// is called after each.
func namedSteps(t *testing.T, r *Reader, q history.Query, seen func()) (all []string) {
	t.Helper()
	q.Metrics = func(d *meta.Desc) bool { return d.Names[0] == "renamed.m599" }
	for step, err := range r.Steps(q) {
		require.NoError(t, err)
		if step.Mark {
			continue
		}
		line := step.Stamp.String()
		for _, p := range step.Metrics[0].Points {
			line += fmt.Sprintf(" %s=%d", p.Series.Inst.Name, p.Value.Bits)
		}
		all = append(all, line)
		if seen != nil {
			seen()
		}
	}
	return all
}

// TestSkimmedNames checks that records of one shape have the names of their time, though
// skimmers do not look at metadata.
func TestSkimmedNames(t *testing.T) {
	base := filepath.Join(t.TempDir(), "a")
	growRenamed(t, base)
	r, err := Open(base, nil)
	require.NoError(t, err)
	q := history.Query{PMIDs: []pcp.PMID{600}}
	require.NotNil(t, newView(r, q).parts(r.volumes[0], 0), "the archive must be long enough")
	want := namedSteps(t, r, history.Query{}, nil)
	require.Len(t, want, 300)
	assert.Equal(t, want, namedSteps(t, r, q, nil))
}

// TestSkimmedFileShrinks cuts a volume while it is read. What was there before stays right.
func TestSkimmedFileShrinks(t *testing.T) {
	base := filepath.Join(t.TempDir(), "a")
	growRenamed(t, base)
	r, err := Open(base, nil)
	require.NoError(t, err)
	want := namedSteps(t, r, history.Query{}, nil)
	info, err := os.Stat(base + ".0")
	require.NoError(t, err)
	for size := info.Size() * 9 / 10; size > 0; size -= info.Size() / 5 {
		got := namedSteps(t, r, history.Query{PMIDs: []pcp.PMID{600}}, func() { require.NoError(t, os.Truncate(base+".0", size)) })
		require.NotEmpty(t, got)
		require.LessOrEqual(t, len(got), len(want))
		assert.Equal(t, want[:len(got)], got)
	}
}
