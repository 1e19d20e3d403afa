package serve

import (
	"bytes"
	"compress/gzip"
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	runtimemetrics "runtime/metrics"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/columns"
	"github.com/pcparchive/pcparchive/internal/cachedir"
	"github.com/pcparchive/pcparchive/query"
)

// soak makes TestHammer try hard; see make soak.
var soak = flag.Duration("soak", 0, "how long 200 clients use a server in TestHammer; 0: fewer clients for a short time")

// What the server of TestHammer may use: samples of a query, at 16 bytes each, and queries
// at the same time.
const (
	hammerSamples     = 1 << 20
	hammerConcurrency = 4
)

// archiveFiles are the endings of an archive's files that churn changes.
var archiveFiles = []string{".0", ".0.gz", ".meta", ".index"}

// churn changes archives below dir until ctx ends: it makes, removes, cuts, compresses,
// replaces, extends and rotates them, and flips bits. The archives of host steady stay as they
// are.
func churn(ctx context.Context, t *testing.T, dir string) {
	rng := rand.New(rand.NewPCG(1, 2))
	growing, sec, turn := record(t, filepath.Join(dir, "growing0"), "growing").put(0, 5), 5, 0
	for i := 0; ctx.Err() == nil; i++ {
		base := filepath.Join(dir, fmt.Sprintf("churn%d", rng.IntN(4)))
		file := base + archiveFiles[rng.IntN(len(archiveFiles))]
		switch rng.IntN(8) {
		case 0, 1:
			for _, suffix := range archiveFiles {
				_ = os.Remove(base + suffix) // it may be absent
			}
			record(t, base, fmt.Sprintf("host%d", rng.IntN(3))).put(0, 20+rng.IntN(50)).close()
		case 2:
			_ = os.Remove(file)
		case 3:
			_ = os.Truncate(file, rng.Int64N(3000))
		case 4:
			growing.put(sec, sec+3)
			sec += 3
			assert.NoError(t, growing.a.Flush())
		case 5:
			compress(t, base+".0")
		case 6:
			flip(t, file, rng)
		case 7:
			growing.close()
			turn++
			growing = record(t, filepath.Join(dir, fmt.Sprint("growing", turn)), "growing").put(sec, sec+3)
			sec += 3
			for _, suffix := range archiveFiles {
				_ = os.Remove(filepath.Join(dir, fmt.Sprint("growing", turn-rotated, suffix))) // it may be absent
			}
		}
		time.Sleep(5 * time.Millisecond)
	}
	growing.close()
}

// rotated is the number of archives that the host growing keeps.
const rotated = 5

// flip flips a bit of a file where it is, if the file exists. Size and identity stay.
func flip(t *testing.T, path string, rng *rand.Rand) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return
	}
	defer f.Close()
	info, err := f.Stat()
	assert.NoError(t, err)
	if info.Size() == 0 {
		return
	}
	b, at := make([]byte, 1), rng.Int64N(info.Size())
	_, err = f.ReadAt(b, at)
	assert.NoError(t, err)
	b[0] ^= 1 << rng.IntN(8)
	_, err = f.WriteAt(b, at)
	assert.NoError(t, err)
}

// compress puts a compressed volume in the place of a volume, if it exists.
func compress(t *testing.T, volume string) {
	data, err := os.ReadFile(volume)
	if err != nil {
		return
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err = w.Write(data)
	assert.NoError(t, err)
	assert.NoError(t, w.Close())
	assert.NoError(t, os.WriteFile(volume+".gz", packed.Bytes(), 0o666))
	assert.NoError(t, os.Remove(volume))
}

// spoilCache removes and damages files of a cache until ctx ends.
func spoilCache(ctx context.Context, dir string) {
	rng := rand.New(rand.NewPCG(3, 4))
	for ctx.Err() == nil {
		files, _ := filepath.Glob(filepath.Join(dir, "*.*")) // the pattern is valid
		if len(files) > 0 {
			file := files[rng.IntN(len(files))]
			if data, err := os.ReadFile(file); err == nil && len(data) > 0 && rng.IntN(2) == 0 {
				data[rng.IntN(len(data))] ^= 1
				_ = os.WriteFile(file, data, 0o600) // another may have removed it
			} else {
				_ = os.Remove(file)
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// TestHammer lets many clients ask while archives come, go and are damaged. Answers about
// the archive that stays are right or clear errors; every other answer is one of the API.
// No goroutine stays, and memory is bounded.
func TestHammer(t *testing.T) {
	d, n := 2*time.Second, 40
	if *soak > 0 {
		d, n = *soak, 200
	}
	t.Run("volumes", func(t *testing.T) { hammer(t, query.Options{}, d, n, func(context.Context) {}) })
	t.Run("columns", func(t *testing.T) {
		folder := cachedir.Open(t.TempDir(), 100_000)
		hammer(t, query.Options{Columns: columns.NewCache(folder)}, d, n, func(ctx context.Context) { spoilCache(ctx, folder.Path()) })
	})
}

// hammer lets n clients ask a server for d, while meanwhile runs and archives change.
func hammer(t *testing.T, q query.Options, d time.Duration, n int, meanwhile func(context.Context)) {
	t.Helper()
	dir := t.TempDir()
	record(t, filepath.Join(dir, "steady"), "steady").put(0, 100).close()
	yesterday := time.Now().Add(-24 * time.Hour)
	for _, suffix := range []string{".0", ".meta", ".index"} {
		require.NoError(t, os.Chtimes(filepath.Join(dir, "steady"+suffix), yesterday, yesterday)) // it counts as closed
	}
	q.MaxSamples, q.Timeout = hammerSamples, 5*time.Second
	s := run(t, Options{Paths: []string{dir}, Rescan: 20 * time.Millisecond, DrainTimeout: time.Minute, Query: q, Concurrency: hammerConcurrency})
	before := liveHeap()
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	var all sync.WaitGroup
	var peak atomic.Uint64
	all.Go(func() { churn(ctx, t, dir) })
	all.Go(func() { meanwhile(ctx) })
	all.Go(func() {
		for ctx.Err() == nil {
			peak.Store(max(peak.Load(), liveHeap()))
			time.Sleep(5 * time.Millisecond)
		}
	})
	counts := make([]atomic.Int64, len(behaviours))
	for i := range n {
		all.Go(func() {
			c := newHammerClient(t, s.url, uint64(i))
			defer c.http.CloseIdleConnections()
			for kind, first := i%len(behaviours), true; first || ctx.Err() == nil; kind, first = c.next(), false {
				behaviours[kind].run(c)
				counts[kind].Add(1)
			}
		})
	}
	all.Wait()
	for i := range behaviours {
		assert.Positive(t, counts[i].Load(), behaviours[i].name)
		t.Logf("%6d × %s", counts[i].Load(), behaviours[i].name)
	}
	const mib = 1 << 20
	grown, allowed := int64(peak.Load())-int64(before), int64(hammerConcurrency*hammerSamples*16)
	t.Logf("live heap grew by at most %d MiB; queries may hold %d MiB", grown/mib, allowed/mib)
	assert.Less(t, grown, allowed+128*mib, "beside queries there are requests, replies and metadata")
}

// liveHeap returns the size of the objects that the last garbage collection left.
func liveHeap() uint64 {
	s := []runtimemetrics.Sample{{Name: "/gc/heap/live:bytes"}}
	runtimemetrics.Read(s)
	return s[0].Value.Uint64()
}

// TestLiveHeap holds the name of the metric.
func TestLiveHeap(t *testing.T) {
	runtime.GC()
	assert.Positive(t, liveHeap())
}
