package archive_test

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

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// skimMetrics is the number of metrics of the archives that the tests skim.
const skimMetrics = 600

func skimID(i int) pcp.PMID { return pcp.NewPMID(60, uint32(i/100), uint32(i%100)) }

// growSkimmed writes an archive of about 12 MB, whose records differ in all the ways that
// records of different logging groups do: by one metric in the middle, by their number, by
// the number of values, by errors. Some are short, and some are marks.
func growSkimmed(t *testing.T, base string, v pcp.Version, seed uint64) {
	t.Helper()
	start := pcp.Timestamp{Sec: 1_700_000_000}
	a, err := archive.Create(base, archive.Header{Version: v, Host: "skimmed", Zone: "UTC", Start: start}, &archive.WriteOptions{VolumeSize: 9 << 20})
	require.NoError(t, err)
	domain := &meta.InDom{Stamp: start, ID: pcp.NewInDomID(60, 1)}
	for i := range 40 {
		domain.Instances = append(domain.Instances, meta.Instance{ID: pcp.InstID(i), Name: fmt.Sprint("i", i)})
	}
	require.NoError(t, a.SetInDom(domain))
	types := []pcp.Type{pcp.TypeU64, pcp.TypeU32, pcp.TypeDouble, pcp.TypeString}
	for i := range skimMetrics {
		d := &meta.Desc{PMID: skimID(i), Type: types[i%4], InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{fmt.Sprint("skim.m", i)}}
		if i%50 == 7 {
			d.InDom = domain.ID
		}
		require.NoError(t, a.Define(d))
	}
	rnd := rand.New(rand.NewPCG(seed, 1))
	for range 1100 {
		start = start.Add(time.Duration(1+rnd.IntN(3)) * time.Second)
		first, many := 0, 590
		switch rnd.IntN(12) {
		case 0:
			require.NoError(t, a.Mark(start))
			continue
		case 1, 2, 3:
			first, many = rnd.IntN(500), 1+rnd.IntN(4)
		case 4, 5:
			first, many = 300, 300
		}
		res := &archive.Result{Stamp: start}
		leave := first + rnd.IntN(many)
		for i := first; i < first+many; i++ {
			if i == leave && rnd.IntN(2) == 0 && many > 1 {
				continue // one metric less, perhaps, and another one below
			}
			res.Sets = append(res.Sets, skimSet(rnd, i))
		}
		if rnd.IntN(8) == 0 {
			res.Sets = append(res.Sets, skimSet(rnd, (first+many+rnd.IntN(8))%skimMetrics))
		}
		require.NoError(t, a.Append(res))
	}
	require.NoError(t, a.Close())
}

func skimSet(rnd *rand.Rand, i int) archive.ValueSet {
	typ := []pcp.Type{pcp.TypeU64, pcp.TypeU32, pcp.TypeDouble, pcp.TypeString}[i%4]
	set := archive.ValueSet{PMID: skimID(i), Format: archive.FormatOf(typ)}
	if rnd.IntN(300) == 0 {
		set.Err = -12345
		return set
	}
	insts := []pcp.InstID{pcp.InstNull}
	if i%50 == 7 {
		insts = nil
		for n := range 20 + rnd.IntN(3) {
			insts = append(insts, pcp.InstID(n))
		}
	}
	for _, inst := range insts {
		switch typ {
		case pcp.TypeU32:
			set.Values = append(set.Values, history.WordValue(inst, rnd.Uint32()))
		case pcp.TypeString:
			set.Values = append(set.Values, history.StringValue(inst, "a text of some length"))
		default:
			set.Values = append(set.Values, history.NumberValue(inst, typ, rnd.Uint64()))
		}
	}
	return set
}

// readSteps returns the steps of a query as text, those without values, too.
func readSteps(t *testing.T, r *archive.Reader, q history.Query) (all []string) {
	t.Helper()
	q.All = true
	for step, err := range r.Steps(q) {
		require.NoError(t, err)
		line := fmt.Sprint(step.Stamp, step.Mark)
		for i := range step.Metrics {
			mv := &step.Metrics[i]
			line += fmt.Sprint(" ", mv.Metric.Name, mv.Err)
			for _, p := range mv.Points {
				line += fmt.Sprintf(" %d=%x/%s", p.Series.Inst.ID, p.Value.Bits, p.Value.Data)
			}
		}
		all = append(all, line)
	}
	return all
}

// skimQueries are queries for few metrics, over all of the time and over parts of it.
func skimQueries(rnd *rand.Rand) (all []history.Query) {
	for i := range 6 {
		ids := []pcp.PMID{skimID(rnd.IntN(skimMetrics))}
		for range i % 3 {
			ids = append(ids, skimID(rnd.IntN(skimMetrics)))
		}
		q := history.Query{PMIDs: ids, Metrics: func(d *meta.Desc) bool { return slices.Contains(ids, d.PMID) }}
		if i > 1 {
			q.From = pcp.Timestamp{Sec: 1_700_000_000 + rnd.Int64N(1500)}
			q.To = q.From.Add(time.Duration(rnd.IntN(1500)) * time.Second)
		}
		all = append(all, q)
	}
	return all
}

// equalSkims compares what the queries yield with what they yield when all records are
// read, which is so without PMIDs. Each is asked twice, as the second time most records are
// known.
func equalSkims(t *testing.T, base string, rnd *rand.Rand, opened func() *archive.Reader) {
	t.Helper()
	r := opened()
	for _, q := range skimQueries(rnd) {
		plain := q
		plain.PMIDs = nil
		reference := opened()
		want := readSteps(t, reference, plain)
		for range 2 {
			require.Equal(t, want, readSteps(t, r, q), "%s %v", base, q.PMIDs)
		}
		for _, w := range reference.Warnings() {
			assert.Contains(t, fmt.Sprint(r.Warnings()), w.Error())
		}
	}
}

// TestSkim checks that queries that skim volumes yield what reading all records does, in
// good archives, in damaged ones, and while an archive grows.
func TestSkim(t *testing.T) {
	for seed, v := range []pcp.Version{pcp.V2, pcp.V3} {
		dir := t.TempDir()
		base := filepath.Join(dir, "a")
		rnd := rand.New(rand.NewPCG(uint64(seed), 2))
		growSkimmed(t, base, v, uint64(seed))
		equalSkims(t, base, rnd, func() *archive.Reader { return openState(t, base) })
		equalSkims(t, base, rnd, func() *archive.Reader {
			r, err := archive.Open(base, nil)
			require.NoError(t, err)
			return r
		})
		volume, err := os.ReadFile(base + ".0")
		require.NoError(t, err)
		for i := range 3 {
			hurt := slices.Clone(volume)
			switch i % 3 {
			case 0: // may fall between values, and is none then
				hurt[4000+rnd.IntN(len(hurt)-4000)] ^= 0x55
			case 1:
				at := 4000 + rnd.IntN(len(hurt)-200_000)
				clear(hurt[at : at+rnd.IntN(150_000)])
			default:
				hurt = hurt[:4000+rnd.IntN(len(hurt)-4000)]
			}
			require.NoError(t, os.WriteFile(base+".0", hurt, 0o600))
			equalSkims(t, base, rnd, func() *archive.Reader { return openState(t, base) })
		}
	}
}

// openState opens an archive as Sets do.
func openState(t *testing.T, base string) *archive.Reader {
	t.Helper()
	o := (*archive.ReadOptions)(nil).Shared()
	state, err := o.Listing.State(base, nil)
	require.NoError(t, err)
	label, err := archive.OpenState(state, o)
	require.NoError(t, err)
	r, err := label.Load()
	require.NoError(t, err)
	return r
}

// TestSkimEnds ends passes early, at a record and by an error.
func TestSkimEnds(t *testing.T) {
	base := filepath.Join(t.TempDir(), "a")
	growSkimmed(t, base, pcp.V3, 9)
	r := openState(t, base)
	q := history.Query{PMIDs: []pcp.PMID{skimID(5)}, All: true}
	whole := len(readSteps(t, r, q))
	for stop := 1; stop < whole; stop += whole / 7 {
		n := 0
		for range r.Steps(q) {
			if n++; n == stop {
				break
			}
		}
		assert.Equal(t, stop, n)
	}
	asked := 0
	q.Stop = func() error {
		if asked++; asked > whole/2 {
			return os.ErrDeadlineExceeded
		}
		return nil
	}
	var last error
	for _, err := range r.Steps(q) {
		last = err
	}
	assert.ErrorIs(t, last, os.ErrDeadlineExceeded)
}
