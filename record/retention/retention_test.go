package retention_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/diskspace"
	"github.com/pcparchive/pcparchive/internal/outlock"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/record/retention"
)

const day = 24 * time.Hour

// now is the time of the tests.
var now = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)

func nobody(string) bool { return false }

// write makes an archive whose last record is of the given age, a day after its first.
// volume is the size of its volumes; values is the number of its records.
func write(t *testing.T, dir, name string, age time.Duration, records int, o archive.WriteOptions) string {
	t.Helper()
	base := filepath.Join(dir, name)
	require.NoError(t, os.MkdirAll(filepath.Dir(base), 0o755))
	o.NoSync = true
	a, err := archive.Create(base, archive.LocalHeader("h"), &o)
	require.NoError(t, err)
	end := now.Add(-age)
	d := &meta.Desc{PMID: pcp.NewPMID(144, 1, 0), Type: pcp.TypeDouble, Sem: pcp.SemInstant, InDom: pcp.InDomNull, Names: []string{"m"}}
	require.NoError(t, a.Define(d))
	for i := range records {
		at := end.Add(-day + day/time.Duration(max(1, records-1))*time.Duration(i))
		if i == records-1 {
			at = end
		}
		r := &archive.Result{Stamp: pcp.Timestamp{Sec: at.Unix()}}
		r.Sets = []archive.ValueSet{{PMID: d.PMID, Format: archive.Block, Values: []history.Value{history.DoubleValue(pcp.InstNull, float64(i))}}}
		require.NoError(t, a.Append(r))
	}
	require.NoError(t, a.Close())
	return base
}

// left returns the archives in a folder, sorted, and checks that each opens.
func left(t *testing.T, dir string) (names []string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if base, ok := strings.CutSuffix(path, ".meta"); ok {
			_, failed := archive.Open(base, nil)
			assert.NoError(t, failed)
			name, _ := filepath.Rel(dir, base)
			names = append(names, name)
		}
		return err
	}))
	return names
}

func TestKeep(t *testing.T) {
	for _, tc := range []struct {
		name    string
		ages    map[string]time.Duration
		keep    time.Duration
		writing string
		want    []string
	}{
		{"the age of the last record counts", map[string]time.Duration{"a/1": 14 * day, "b/2": 14*day + time.Second, "c/3": 13 * day}, 14 * day, "", []string{"a/1", "c/3"}},
		{"never one that is being written", map[string]time.Duration{"a/1": 20 * day, "b/2": 30 * day}, 14 * day, "b/2", []string{"b/2"}},
		{"no limit", map[string]time.Duration{"a/1": 2000 * day}, 0, "", []string{"a/1"}},
		{"in the future", map[string]time.Duration{"a/1": -400 * day, "a/2": 15 * day}, 14 * day, "", []string{"a/1"}},
		{"all", map[string]time.Duration{"a/1": 15 * day, "a/2": 16 * day}, 14 * day, "", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, age := range tc.ages {
				base := write(t, dir, name, age, 20, archive.WriteOptions{})
				fresh := now.Add(time.Hour) // as after a copy
				require.NoError(t, os.Chtimes(base+".0", fresh, fresh))
			}
			c := retention.New(retention.Options{Dir: dir, Limits: retention.Limits{Keep: tc.keep}, Now: func() time.Time { return now }})
			report, err := c.Cull(t.Context(), func(base string) bool { return base == filepath.Join(dir, tc.writing) })
			require.NoError(t, err)
			assert.Equal(t, tc.want, left(t, dir))
			assert.Equal(t, retention.Report{
				Archives: len(tc.want), Removed: len(tc.ages) - len(tc.want), Bytes: report.Bytes, Freed: report.Freed,
			}, report)
			assert.Equal(t, used(t, dir), report.Bytes)
		})
	}
}

// used returns the bytes that the files in a folder take.
func used(t *testing.T, dir string) (total int64) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		require.NoError(t, err)
		if info, err := e.Info(); path != dir {
			require.NoError(t, err)
			total += diskspace.Used(info)
		}
		return nil
	}))
	return total
}

// Whatever is there, and whatever the limits are: exactly the oldest are removed, and no
// more of them than the limits demand.
func TestOracle(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for round := range 40 {
		dir := t.TempDir()
		type one struct {
			name string
			age  time.Duration
			size int64
		}
		var all []one
		for i := range random.IntN(12) {
			o := one{name: fmt.Sprintf("host%d/job%d.%d", random.IntN(3), random.IntN(2), i), age: time.Duration(random.IntN(40*24)) * time.Hour}
			options := archive.WriteOptions{}
			if random.IntN(2) == 0 {
				options.VolumeSize, options.Compress, options.CompressLast = 2000, archive.CompressZstd, random.IntN(2) == 0
			}
			base := write(t, dir, o.name, o.age, 1+random.IntN(500), options)
			_, members, err := archive.Members(base)
			require.NoError(t, err)
			for _, m := range members {
				info, err := os.Stat(m.Path)
				require.NoError(t, err)
				o.size += diskspace.Used(info)
			}
			all = append(all, o)
		}
		require.NoError(t, os.WriteFile(filepath.Join(dir, ".pcparchive.registry"), make([]byte, random.IntN(20000)), 0o600))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "a file of another program"), make([]byte, random.IntN(20000)), 0o600))
		limits := retention.Limits{}
		if random.IntN(2) == 0 {
			limits.Keep = time.Duration(random.IntN(40*24)) * time.Hour
		}
		total, free := used(t, dir), int64(random.IntN(300_000))
		if random.IntN(2) == 0 {
			limits.MaxSize = random.Int64N(total + 1000)
		}
		if random.IntN(2) == 0 {
			limits.MinFree = random.Int64N(300_000)
		}
		writing := map[string]bool{}
		for _, o := range all {
			writing[filepath.Join(dir, o.name)] = random.IntN(5) == 0
		}

		slices.SortFunc(all, func(a, b one) int {
			return cmp.Or(cmp.Compare(b.age, a.age), strings.Compare(a.name, b.name))
		})
		var want []string
		size, freed := total, int64(0)
		for _, o := range all {
			tooOld := limits.Keep > 0 && o.age > limits.Keep
			tooMuch := limits.MaxSize > 0 && size > limits.MaxSize || limits.MinFree > 0 && free+freed < limits.MinFree
			if (tooOld || tooMuch) && !writing[filepath.Join(dir, o.name)] {
				size, freed = size-o.size, freed+o.size
			} else {
				want = append(want, o.name)
			}
		}
		slices.Sort(want)

		c := retention.New(retention.Options{Dir: dir, Limits: limits, Now: func() time.Time { return now }, Free: func() int64 { return free }})
		report, err := c.Cull(t.Context(), func(base string) bool { return writing[base] })
		require.NoError(t, err)
		require.Equal(t, want, left(t, dir), "round %d: %s", round, limits.String())
		assert.Equal(t, freed, report.Freed)
		assert.Equal(t, used(t, dir), report.Bytes)
		assert.Equal(t, limits.MaxSize > 0 && size > limits.MaxSize || limits.MinFree > 0 && free+freed < limits.MinFree, report.Short)
	}
}

// A second run sees new archives, and does not read those again that it knows.
func TestNextRun(t *testing.T) {
	dir := t.TempDir()
	at := now
	c := retention.New(retention.Options{Dir: dir, Limits: retention.Limits{Keep: 2 * day}, Now: func() time.Time { return at }})
	cull := func() []string {
		_, err := c.Cull(t.Context(), nobody)
		require.NoError(t, err)
		return left(t, dir)
	}
	write(t, dir, "h/1", day, 300, archive.WriteOptions{})
	assert.Equal(t, []string{"h/1"}, cull())
	a, err := archive.Continue(filepath.Join(dir, "h/1"), nil)
	require.NoError(t, err)
	require.NoError(t, a.Mark(pcp.Timestamp{Sec: now.Unix()}))
	require.NoError(t, a.Close())
	at = now.Add(day + time.Minute)
	assert.Equal(t, []string{"h/1"}, cull())
	write(t, dir, "h/0", -day, 3, archive.WriteOptions{})
	at = now.Add(2*day + time.Minute)
	assert.Equal(t, []string{"h/0"}, cull())
	at = now.Add(10 * day)
	assert.Empty(t, cull())
	assert.Empty(t, cull())
	assert.NoDirExists(t, filepath.Join(dir, "h"), "an empty folder goes after an hour")
}

// An archive that another process writes stays, whatever its age.
func TestLocked(t *testing.T) {
	dir := t.TempDir()
	base := write(t, dir, "h/1", 100*day, 3, archive.WriteOptions{})
	lock, err := outlock.Take(base)
	require.NoError(t, err)
	c := retention.New(retention.Options{Dir: dir, Limits: retention.Limits{Keep: day}, Now: func() time.Time { return now }})
	report, err := c.Cull(t.Context(), nobody)
	require.NoError(t, err)
	assert.Zero(t, report.Removed)
	require.NoError(t, lock.Release())
	report, err = c.Cull(t.Context(), nobody)
	require.NoError(t, err)
	assert.Equal(t, 1, report.Removed)
}

// However far a removal came before a crash, an archive opens or is gone, and the rest
// goes later.
func TestInterruptedRemoval(t *testing.T) {
	for gone := range 4 {
		dir := t.TempDir()
		base := write(t, dir, "h/1", 10*day, 400, archive.WriteOptions{VolumeSize: 4000})
		for _, suffix := range []string{".index", ".meta", ".0"}[:gone] {
			require.NoError(t, os.Remove(base+suffix))
		}
		_, err := archive.Open(base, nil)
		if gone < 2 {
			require.NoError(t, err)
		} else {
			require.ErrorIs(t, err, os.ErrNotExist)
		}
		at := now
		c := retention.New(retention.Options{Dir: dir, Limits: retention.Limits{Keep: 30 * day}, Now: func() time.Time { return at }})
		for range 2 {
			_, err := c.Cull(t.Context(), nobody)
			require.NoError(t, err)
			at = at.Add(2 * time.Hour)
		}
		files, err := filepath.Glob(base + ".*")
		require.NoError(t, err)
		assert.Equal(t, gone < 2, len(files) > 0)
	}
}

// An archive whose writer was killed has no index entry for its last record.
func TestEndOfKilledArchive(t *testing.T) {
	dir := t.TempDir()
	base := write(t, dir, "h/1", day, 400, archive.WriteOptions{})
	index, err := os.ReadFile(base + ".index")
	require.NoError(t, err)
	entry := int(archive.IndexEntrySize(pcp.V3))
	for _, damaged := range [][]byte{index[:len(index)-entry], index[:len(index)-entry-3], index[:10], nil} {
		require.NoError(t, os.WriteFile(base+".index", damaged, 0o600))
		for keep, want := range map[time.Duration][]string{25 * time.Hour: {"h/1"}} {
			c := retention.New(retention.Options{Dir: dir, Limits: retention.Limits{Keep: keep}, Now: func() time.Time { return now }})
			_, err = c.Cull(t.Context(), nobody)
			require.NoError(t, err)
			assert.Equal(t, want, left(t, dir))
		}
	}
}

// What cannot be read has the age that any of its labels says.
func TestDamagedArchive(t *testing.T) {
	dir := t.TempDir()
	base := write(t, dir, "h/1", 10*day, 40, archive.WriteOptions{})
	require.NoError(t, os.WriteFile(base+".meta", []byte("nothing"), 0o600))
	write(t, dir, "h/2", 12*day, 40, archive.WriteOptions{})
	c := retention.New(retention.Options{Dir: dir, Limits: retention.Limits{Keep: 11*day + time.Hour}, Now: func() time.Time { return now }})
	report, err := c.Cull(t.Context(), nobody)
	require.NoError(t, err)
	assert.Equal(t, 1, report.Removed)
	assert.FileExists(t, base+".meta")
}
