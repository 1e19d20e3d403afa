package store_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/defect"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

const aheadStart = 1_700_000_000

func aheadID(i int) pcp.PMID { return pcp.NewPMID(60, 0, uint32(i)) }

// rotate writes archives of one host that follow one another, some of several volumes, in
// all forms of compression that archives are written in.
func rotate(t *testing.T, dir string, rnd *rand.Rand, archives int) {
	t.Helper()
	at := pcp.Timestamp{Sec: aheadStart}
	for i := range archives {
		o := &archive.WriteOptions{NoSync: true, CompressLast: true, Compress: []archive.Compression{archive.CompressNone, archive.CompressZstd, archive.CompressGzip, archive.CompressXZ}[rnd.IntN(4)]}
		if rnd.IntN(2) == 0 {
			o.VolumeSize = 20_000
		}
		a, err := archive.Create(filepath.Join(dir, fmt.Sprintf("web1.%04d", i)), archive.Header{Host: "web1", Zone: "UTC", Start: at, Version: []pcp.Version{pcp.V2, pcp.V3}[rnd.IntN(2)]}, o)
		require.NoError(t, err)
		for n := range 20 {
			require.NoError(t, a.Define(&meta.Desc{PMID: aheadID(n), Type: pcp.TypeU32, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{fmt.Sprint("m.m", n)}}))
		}
		for range 200 + rnd.IntN(400) {
			at = at.Add(time.Duration(1+rnd.IntN(3)) * time.Second)
			if rnd.IntN(100) == 0 {
				require.NoError(t, a.Mark(at))
				continue
			}
			res := &archive.Result{Stamp: at}
			for n := range 20 {
				if n < 15 || rnd.IntN(2) == 0 {
					res.Sets = append(res.Sets, archive.ValueSet{PMID: aheadID(n), Values: []history.Value{history.WordValue(pcp.InstNull, rnd.Uint32())}})
				}
			}
			require.NoError(t, a.Append(res))
		}
		require.NoError(t, a.Close())
		at = at.Add(time.Duration(rnd.IntN(5)) * time.Second)
	}
}

// spoil damages some of the files: it flips a bit, cuts the end or removes bytes.
func spoil(t *testing.T, dir string, rnd *rand.Rand) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	for range 1 + rnd.IntN(4) {
		path := files[rnd.IntN(len(files))]
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		at := rnd.IntN(len(data))
		switch rnd.IntN(3) {
		case 0:
			data[at] ^= 1 << rnd.IntN(8)
		case 1:
			data = data[:at]
		case 2:
			data = append(data[:at:at], data[min(len(data), at+1+rnd.IntN(100)):]...)
		}
		require.NoError(t, os.WriteFile(path, data, 0o644))
	}
}

// answer is all that a pass tells.
type answer struct {
	Steps    []string
	Problems []string
	Read     int64
}

// ask reads at most some steps of archives that are opened anew, on a number of processors.
func ask(t *testing.T, dir string, processors, most int, q history.Query) (a answer) {
	t.Helper()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(processors))
	hosts, err := store.Open([]string{dir}, nil)
	if err != nil {
		return answer{Problems: []string{err.Error()}}
	}
	set, err := hosts.Only()
	require.NoError(t, err)
	q.Read = &atomic.Int64{}
	for step, err := range set.Steps(q) {
		line := fmt.Sprint(err)
		if err == nil {
			line = fmt.Sprint(step.Stamp, step.Mark, step.Implied, step.Part)
			for _, mv := range step.Metrics {
				line += fmt.Sprint(" ", mv.Metric.Name, mv.Err)
				for _, p := range mv.Points {
					line += fmt.Sprint(" ", p.Value.Bits)
				}
			}
		}
		if a.Steps = append(a.Steps, line); len(a.Steps) == most {
			break
		}
	}
	a.Read = q.Read.Load()
	for _, p := range hosts.Problems() {
		a.Problems = append(a.Problems, p.String())
	}
	return a
}

// TestReadingAhead reads archives that follow one another on one processor, which reads them
// one after the other, and on four: steps, problems and bytes are the same, wherever the
// reader stops, and whatever is damaged.
func TestReadingAhead(t *testing.T) {
	damaged, seeds := 0, 12
	if testing.Short() {
		seeds = 6
	}
	for seed := range uint64(seeds) {
		rnd := rand.New(rand.NewPCG(seed, 7))
		dir := t.TempDir()
		rotate(t, dir, rnd, 6)
		if seed%3 > 0 {
			spoil(t, dir, rnd)
		}
		for i, q := range []history.Query{
			{},
			{PMIDs: []pcp.PMID{aheadID(3)}, Metrics: func(d *meta.Desc) bool { return d.PMID == aheadID(3) }, All: true},
			{PMIDs: []pcp.PMID{aheadID(17), aheadID(19)}, Metrics: func(d *meta.Desc) bool { return d.PMID == aheadID(17) }},
			{From: pcp.Timestamp{Sec: aheadStart + int64(rnd.IntN(3000))}, To: pcp.Timestamp{Sec: aheadStart + 3000 + int64(rnd.IntN(3000))}},
		} {
			most := 0
			if rnd.IntN(2) == 0 {
				most = 1 + rnd.IntN(2000)
			}
			name := fmt.Sprint("seed ", seed, " query ", i, " most ", most)
			want := ask(t, dir, 1, most, q)
			require.Equal(t, want, ask(t, dir, 4, most, q), name)
			if most == 0 && i == 0 {
				damaged += len(want.Problems)
			}
		}
	}
	assert.Greater(t, damaged, seeds/3)
}

// TestReadingAheadPanics has a goroutine that reads the next archive ahead and panics. The
// sequence reads the archive by itself and names the panic.
func TestReadingAheadPanics(t *testing.T) {
	dir := t.TempDir()
	rotate(t, dir, rand.New(rand.NewPCG(1, 7)), 4)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	panics := false
	count := func() (n int, problems []store.Problem) {
		stop := func() error {
			if panics && strings.Contains(string(debug.Stack()), "store.readAhead") {
				panic("a fault")
			}
			return nil
		}
		hosts, err := store.Open([]string{dir}, &archive.ReadOptions{Stop: stop})
		require.NoError(t, err)
		set, err := hosts.Only()
		require.NoError(t, err)
		for _, err := range set.Steps(history.Query{}) {
			require.NoError(t, err)
			n++
		}
		return n, hosts.Problems()
	}
	want, problems := count()
	assert.Empty(t, problems)
	panics = true
	got, problems := count()
	assert.Equal(t, want, got)
	require.NotEmpty(t, problems)
	var failed *defect.Error
	require.ErrorAs(t, problems[0].Err, &failed)
	assert.Contains(t, problems[0].String(), "internal error: a fault at ")
}
