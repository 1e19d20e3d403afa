package outlock_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/outlock"
)

// names lists a folder.
func names(t *testing.T, dir string) (all []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

func TestSecondWriterIsRefused(t *testing.T) {
	for _, name := range []string{"rec", "", strings.Repeat("long", 60)} {
		dir := t.TempDir()
		take := func() (*outlock.Lock, error) {
			if name == "" {
				return outlock.TakeFolder(dir)
			}
			return outlock.Take(filepath.Join(dir, name))
		}
		first, err := take()
		require.NoError(t, err)
		_, err = take()
		var held *outlock.HeldError
		require.ErrorAs(t, err, &held)
		assert.Equal(t, os.Getpid(), held.PID)
		other, err := outlock.Take(filepath.Join(dir, "another"))
		require.NoError(t, err, "another output")
		require.NoError(t, other.Release())
		require.NoError(t, first.Release())
		require.NoError(t, first.Release(), "twice")
		assert.Empty(t, names(t, dir))
		again, err := take()
		require.NoError(t, err)
		require.NoError(t, again.Release())
	}
	_, err := outlock.Take(filepath.Join(t.TempDir(), "missing", "rec"))
	require.ErrorIs(t, err, fs.ErrNotExist)
}

// TestOneAtATime lets many writers contend for a lock that each removes: no two
// hold it at the same time.
func TestOneAtATime(t *testing.T) {
	dir := t.TempDir()
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 50 {
				l, err := outlock.Take(filepath.Join(dir, "rec"))
				if err != nil {
					var held *outlock.HeldError
					assert.ErrorAs(t, err, &held)
					continue
				}
				assert.NoError(t, os.Mkdir(filepath.Join(dir, "alone"), 0o700))
				assert.NoError(t, os.Remove(filepath.Join(dir, "alone")))
				assert.NoError(t, l.Release())
			}
		})
	}
	group.Wait()
	assert.Empty(t, names(t, dir))
}

// TestNextWriterCleansUp leaves the files of killed writers beside those of a
// running one.
func TestNextWriterCleansUp(t *testing.T) {
	dir := t.TempDir()
	living, err := outlock.Take(filepath.Join(dir, "living"))
	require.NoError(t, err)
	require.NoError(t, os.Mkdir(living.New(""), 0o700))
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, name := range []string{".pcparchive-dead.new", ".pcparchive-123", ".pcparchive-rec.new", ".pcparchive-.new"} {
		require.NoError(t, os.MkdirAll(filepath.Join(at(name), "below"), 0o700))
	}
	for _, name := range []string{
		".pcparchive-dead.lock", ".pcparchive-all.om.0badcafe.new", ".pcparchive-rec.lock", ".pcparchive-rec.new-0.zst.partial", ".pcparchive-.lock",
		"mine", ".hidden", "pcparchive-x.new",
	} {
		require.NoError(t, os.WriteFile(at(name), []byte("999999\n"), 0o600))
	}
	l, err := outlock.Take(at("rec"))
	require.NoError(t, err)
	require.NoError(t, l.Release())
	assert.Equal(t, []string{".hidden", ".pcparchive-living.lock", ".pcparchive-living.new", "mine", "pcparchive-x.new"}, names(t, dir))
	require.NoError(t, living.Release())
}

// TestNextWriterGoesOn stops after each step of moving a complete folder.
func TestNextWriterGoesOn(t *testing.T) {
	for moved := 0; moved <= 4; moved++ {
		dir := t.TempDir()
		l, err := outlock.Take(filepath.Join(dir, "rec"))
		require.NoError(t, err)
		require.NoError(t, os.Mkdir(l.New(""), 0o700))
		for _, name := range []string{"rec.0", "rec.index", "rec.meta"} {
			require.NoError(t, os.WriteFile(filepath.Join(l.New(""), name), []byte(name), 0o600))
		}
		done, err := l.Complete()
		require.NoError(t, err)
		if moved > 0 {
			require.NoError(t, os.Link(filepath.Join(done, "rec.0"), filepath.Join(dir, "rec.0")))
		}
		if moved > 1 {
			require.NoError(t, os.Remove(filepath.Join(done, "rec.0")))
		}
		for i, name := range []string{"rec.index", "rec.meta"} {
			if moved > i+2 {
				require.NoError(t, os.Rename(filepath.Join(done, name), filepath.Join(dir, name)))
			}
		}
		require.NoError(t, l.Release()) // removes the lock file, which a crash would leave
		next, err := outlock.Take(filepath.Join(dir, "another"))
		require.NoError(t, err)
		require.NoError(t, next.Release())
		assert.Equal(t, []string{"rec.0", "rec.index", "rec.meta"}, names(t, dir), "%d", moved)
	}
}

func TestMoveAllReplacesNothing(t *testing.T) {
	from, to := t.TempDir(), t.TempDir()
	for _, name := range []string{"rec.0", "rec.index", "rec.meta"} {
		require.NoError(t, os.WriteFile(filepath.Join(from, name), []byte("new"), 0o600))
	}
	require.NoError(t, os.WriteFile(filepath.Join(to, "rec.index"), []byte("old"), 0o600))
	require.ErrorIs(t, outlock.MoveAll(from, to), fs.ErrExist)
	assert.Equal(t, []string{"rec.index"}, names(t, to))
	old, err := os.ReadFile(filepath.Join(to, "rec.index"))
	require.NoError(t, err)
	assert.Equal(t, "old", string(old))
}

// TestKilledHolder takes the lock of a process that was killed.
func TestKilledHolder(t *testing.T) {
	if dir := os.Getenv("OUTLOCK_HOLD"); dir != "" {
		l, err := outlock.Take(filepath.Join(dir, "rec"))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, "held"), nil, 0o600))
		time.Sleep(time.Minute)         // it is killed
		require.NoError(t, l.Release()) // keeps the lock from the garbage collector
	}
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0], "-test.run=^TestKilledHolder$")
	cmd.Env = append(os.Environ(), "OUTLOCK_HOLD="+dir)
	require.NoError(t, cmd.Start())
	defer func() { _ = cmd.Process.Kill() }()
	require.Eventually(t, func() bool { _, err := os.Stat(filepath.Join(dir, "held")); return err == nil }, 2*time.Minute, 5*time.Millisecond)
	_, err := outlock.Take(filepath.Join(dir, "rec"))
	var held *outlock.HeldError
	require.ErrorAs(t, err, &held)
	assert.Equal(t, cmd.Process.Pid, held.PID)
	assert.ErrorContains(t, err, "process ")
	require.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait() // returns an error because the process was killed
	l, err := outlock.Take(filepath.Join(dir, "rec"))
	require.NoError(t, err)
	require.NoError(t, l.Release())
	assert.Equal(t, []string{"held"}, names(t, dir))
}

func TestTempFile(t *testing.T) {
	dir := t.TempDir()
	f, err := outlock.NewTempFile(dir)
	require.NoError(t, err)
	_, err = f.WriteAt([]byte("hello"), 3)
	require.NoError(t, err)
	got := make([]byte, 5)
	_, err = f.ReadAt(got, 3)
	require.NoError(t, err)
	assert.Equal(t, "hello", string(got))
	require.NoError(t, f.Close())
	assert.Empty(t, names(t, dir))
}
