package query

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/columns"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/internal/cachedir"
)

// everything selects all series at all times.
var everything = ask{from: 0, to: 1 << 50, matchers: []*labels.Matcher{labels.MustNewMatcher(labels.MatchRegexp, "__name__", ".+")}}

// archivesInSequence writes settled archives of one host whose names no two metrics share.
func archivesInSequence(t testing.TB, n int) (dir string) {
	t.Helper()
	dir = t.TempDir()
	at := archtest.Start
	for seed, made := uint64(0), 0; made < n; seed++ {
		base := filepath.Join(dir, fmt.Sprint("a", made))
		archtest.Random(t, base, seed, archtest.RandomOptions{Start: at})
		settle(t, dir)
		cacheDir := t.TempDir()
		got := everything.of(t, storageOf(t, newCache(cacheDir), dir))
		files, err := filepath.Glob(filepath.Join(cacheDir, "*.columns"))
		require.NoError(t, err)
		if len(files) <= made || len(got.Series) == 0 { // columns cannot answer for this one
			for _, suffix := range []string{".0", ".meta", ".index"} {
				require.NoError(t, os.Remove(base+suffix))
			}
			continue
		}
		made++
		at = at.Add(1000 * time.Hour)
	}
	return dir
}

const (
	killedArchives = "PCPARCHIVE_TEST_ARCHIVES" // environment of the process to be killed
	killedCache    = "PCPARCHIVE_TEST_CACHE"
)

// TestKilledProcess is the process that TestCacheOfKilledProcess kills: it fills a cache and
// removes it, again and again.
func TestKilledProcess(t *testing.T) {
	dir, cacheDir := os.Getenv(killedArchives), os.Getenv(killedCache)
	if dir == "" {
		t.Skip("runs in a process of its own")
	}
	fmt.Println("at work")
	for {
		_ = everything.of(t, storageOf(t, newCache(cacheDir), dir))
		files, err := filepath.Glob(filepath.Join(cacheDir, "*.*"))
		require.NoError(t, err)
		for _, f := range files {
			require.NoError(t, os.Remove(f))
		}
	}
}

// killAtWork starts a process and kills it a while after it has begun to work.
func killAtWork(t *testing.T, after time.Duration, env ...string) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestKilledProcess$")
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	_, err = out.Read(make([]byte, 1))
	require.NoError(t, err)
	time.Sleep(after)
	require.NoError(t, cmd.Process.Kill())
	require.Error(t, cmd.Wait())
}

// TestCacheOfKilledProcess kills a process at random moments while it keeps columns. What
// it leaves gives right answers.
func TestCacheOfKilledProcess(t *testing.T) {
	dir := archivesInSequence(t, 3)
	want := everything.of(t, storageOf(t, nil, dir))
	require.NotEmpty(t, want.Series)
	cacheDir := t.TempDir()
	rng := rand.New(rand.NewPCG(1, 1))
	kills := 100
	if testing.Short() {
		kills = 5
	}
	left := 0
	for range kills {
		killAtWork(t, time.Duration(rng.IntN(20_000))*time.Microsecond, killedArchives+"="+dir, killedCache+"="+cacheDir)
		files, err := filepath.Glob(filepath.Join(cacheDir, "*.columns"))
		require.NoError(t, err)
		left += len(files)
		folder := cachedir.Open(cacheDir, 0)
		require.Equal(t, want, everything.of(t, storageOf(t, columns.NewCache(folder), dir)))
		require.Empty(t, folder.Damage())
		files, err = filepath.Glob(filepath.Join(cacheDir, "*.*"))
		require.NoError(t, err)
		for _, f := range files {
			require.NoError(t, os.Remove(f))
		}
	}
	assert.NotContains(t, []int{0, 3 * kills}, left, "some processes are killed while they write")
}

// TestCacheBeyondItsBound keeps what fits.
func TestCacheBeyondItsBound(t *testing.T) {
	dir := archivesInSequence(t, 6)
	want := everything.of(t, storageOf(t, nil, dir))
	for _, bound := range []int64{1, 1000, 5000, 20_000} {
		cacheDir := t.TempDir()
		for range 3 {
			folder := cachedir.Open(cacheDir, bound)
			require.Equal(t, want, everything.of(t, storageOf(t, columns.NewCache(folder), dir)), "%d bytes", bound)
			require.Empty(t, folder.Damage())
			assert.LessOrEqual(t, sizeOf(t, cacheDir), bound+200, "a tag and frames of entries do not count")
		}
	}
}

// sizeOf returns the size of the entries in a folder.
func sizeOf(t *testing.T, dir string) (n int64) {
	files, err := filepath.Glob(filepath.Join(dir, "*.*"))
	require.NoError(t, err)
	for _, f := range files {
		info, err := os.Stat(f)
		require.NoError(t, err)
		if filepath.Base(f) != "CACHEDIR.TAG" {
			n += info.Size()
		}
	}
	return n
}

// TestCacheThatCannotBeWritten puts a file in the place of the folder.
func TestCacheThatCannotBeWritten(t *testing.T) {
	dir := archivesInSequence(t, 2)
	want := everything.of(t, storageOf(t, nil, dir))
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	folder := cachedir.Open(filepath.Join(file, "cache"), 0)
	for range 2 {
		require.Equal(t, want, everything.of(t, storageOf(t, columns.NewCache(folder), dir)))
	}
	require.ErrorContains(t, folder.Fault(), "cache folder")
}

// TestCacheWithDamagedBits flips bits in every file of a cache. Each fault is named once,
// and answers are right.
func TestCacheWithDamagedBits(t *testing.T) {
	dir, cacheDir := archivesInSequence(t, 1), t.TempDir()
	want := everything.of(t, storageOf(t, newCache(cacheDir), dir))
	var files []string
	for _, pattern := range []string{"*.columns", "*.names"} {
		found, err := filepath.Glob(filepath.Join(cacheDir, pattern))
		require.NoError(t, err)
		require.NotEmpty(t, found)
		files = append(files, found...)
	}
	step := 97
	if *allBits {
		step = 1
	}
	for _, file := range files {
		good, err := os.ReadFile(file)
		require.NoError(t, err)
		for bit := 0; bit < len(good)*8; bit += step {
			bad := append([]byte(nil), good...)
			bad[bit/8] ^= 1 << (bit % 8)
			require.NoError(t, os.WriteFile(file, bad, 0o600))
			faultNamedOnce(t, want, dir, cacheDir, fmt.Sprintf("bit %d of %s", bit, file))
			require.NoError(t, os.WriteFile(file, good, 0o600))
		}
	}
}

// faultNamedOnce asks for everything while one file of the cache is wrong, and again.
func faultNamedOnce(t *testing.T, want selected, dir, cacheDir, what string) {
	t.Helper()
	folder := cachedir.Open(cacheDir, 0)
	require.Equal(t, want, everything.of(t, storageOf(t, columns.NewCache(folder), dir)), what)
	require.Len(t, folder.Damage(), 1, what)
	require.ErrorAs(t, folder.Damage()[0], new(*cachedir.DamagedError))
	again := cachedir.Open(cacheDir, 0)
	require.Equal(t, want, everything.of(t, storageOf(t, columns.NewCache(again), dir)), what)
	require.Empty(t, again.Damage(), what)
}

// TestCacheWithSwappedFiles puts the file of one entry in the place of another's.
func TestCacheWithSwappedFiles(t *testing.T) {
	dir, cacheDir := archivesInSequence(t, 3), t.TempDir()
	want := everything.of(t, storageOf(t, newCache(cacheDir), dir))
	for _, pattern := range []string{"*.columns", "*.names"} {
		files, err := filepath.Glob(filepath.Join(cacheDir, pattern))
		require.NoError(t, err)
		require.Len(t, files, 3)
		for i, file := range files {
			other, err := os.ReadFile(files[(i+1)%len(files)])
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(file, other, 0o600))
			faultNamedOnce(t, want, dir, cacheDir, file)
		}
	}
}

// TestCacheFolderThatKeepsItsDamage has a damaged entry that cannot be removed. Its fault is
// named once, however many queries meet it.
func TestCacheFolderThatKeepsItsDamage(t *testing.T) {
	dir, cacheDir := archivesInSequence(t, 1), t.TempDir()
	want := everything.of(t, storageOf(t, newCache(cacheDir), dir))
	files, err := filepath.Glob(filepath.Join(cacheDir, "*.columns"))
	require.NoError(t, err)
	require.Len(t, files, 1)
	require.NoError(t, os.Remove(files[0]))
	require.NoError(t, os.MkdirAll(filepath.Join(files[0], "in the way"), 0o700)) // neither removed nor replaced
	folder := cachedir.Open(cacheDir, 0)
	cache := columns.NewCache(folder)
	for range 5 {
		require.Equal(t, want, everything.of(t, storageOf(t, cache, dir)))
	}
	assert.Len(t, folder.Damage(), 1)
}

// TestConcurrentColumns asks at once while entries are made, removed and spoilt.
func TestConcurrentColumns(t *testing.T) {
	dir, cacheDir := archivesInSequence(t, 4), t.TempDir()
	want := everything.of(t, storageOf(t, nil, dir))
	var wg sync.WaitGroup
	stop := make(chan struct{})
	wg.Go(func() {
		rng := rand.New(rand.NewPCG(2, 2))
		for {
			select {
			case <-stop:
				return
			default:
			}
			files, _ := filepath.Glob(filepath.Join(cacheDir, "*.*"))
			if len(files) == 0 {
				continue
			}
			file := files[rng.IntN(len(files))]
			if data, err := os.ReadFile(file); err == nil && len(data) > 0 && rng.IntN(2) == 0 {
				data[rng.IntN(len(data))] ^= 1
				_ = os.WriteFile(file, data, 0o600)
			} else {
				_ = os.Remove(file)
			}
		}
	})
	var asking sync.WaitGroup
	shared := newCache(cacheDir)
	for i := range 8 {
		asking.Go(func() {
			for range 10 {
				cache := shared
				if i%2 == 0 {
					cache = newCache(cacheDir)
				}
				assert.Equal(t, want, everything.of(t, storageOf(t, cache, dir)))
			}
		})
	}
	asking.Wait()
	close(stop)
	wg.Wait()
}

// TestCancelledColumns ends with the context's error.
func TestCancelledColumns(t *testing.T) {
	dir := archivesInSequence(t, 2)
	s := storageOf(t, newCache(t.TempDir()), dir)
	q, err := s.Querier(everything.from, everything.to)
	require.NoError(t, err)
	ctx, cancel := context.WithCancelCause(context.Background())
	cause := errors.New("the client went away")
	cancel(cause)
	set := q.Select(ctx, true, nil, everything.matchers...)
	require.False(t, set.Next())
	require.ErrorIs(t, set.Err(), context.Canceled)
}

// TestVolumeThatVanishes removes the volume of an archive whose metadata is there. Nothing
// is kept of the archive, and the answer is that of the volumes.
func TestVolumeThatVanishes(t *testing.T) {
	dir, cacheDir := archivesInSequence(t, 2), t.TempDir()
	plain, cached := storageOf(t, nil, dir), storageOf(t, newCache(cacheDir), dir)
	require.NoError(t, os.Rename(filepath.Join(dir, "a0.0"), filepath.Join(dir, "elsewhere")))
	ask := func(s *Storage) error {
		q, err := s.Querier(everything.from, everything.to)
		require.NoError(t, err)
		set := q.Select(context.Background(), true, nil, everything.matchers...)
		for set.Next() {
			_ = samplesText(t, set.At())
		}
		return set.Err()
	}
	want, got := ask(plain), ask(cached)
	assert.Equal(t, fmt.Sprint(want), fmt.Sprint(got))
	require.NoError(t, os.Rename(filepath.Join(dir, "elsewhere"), filepath.Join(dir, "a0.0")))
	assert.Equal(t, everything.of(t, storageOf(t, nil, dir)), everything.of(t, storageOf(t, newCache(cacheDir), dir)))
}
