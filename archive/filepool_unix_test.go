//go:build unix

package archive

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A file whose opening waits does not keep the other files of the pool waiting.
func TestPoolOpensAlone(t *testing.T) {
	dir, pool := t.TempDir(), NewFilePool(2)
	pipe := filepath.Join(dir, "pipe") // opening it for writing waits for a reader
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skip(err)
	}
	var files []disk
	for _, name := range []string{"a", "b"} {
		f, err := pool.opener(createFile, createFlags)(filepath.Join(dir, name))
		require.NoError(t, err)
		files = append(files, f)
	}
	opened := make(chan disk)
	go func() {
		f, err := pool.opener(openFile, os.O_WRONLY)(pipe)
		assert.NoError(t, err)
		opened <- f
	}()
	require.Eventually(t, func() bool {
		pool.mu.Lock()
		defer pool.mu.Unlock()
		return pool.open.Front().Value.(*pooledFile).name == pipe
	}, time.Minute, time.Millisecond)
	for round := range int64(3) {
		for _, f := range files { // one of them has left for the pipe
			_, err := f.WriteAt([]byte("x"), round)
			require.NoError(t, err)
		}
	}
	reader, err := os.Open(pipe)
	require.NoError(t, err)
	files = append(files, <-opened)
	for _, f := range files {
		require.NoError(t, f.Close())
		require.ErrorIs(t, f.Truncate(0), os.ErrClosed)
	}
	require.NoError(t, reader.Close())
	assert.Zero(t, pool.open.Len())
	for _, name := range []string{"a", "b"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		assert.Equal(t, "xxx", string(text))
	}
}

// Many writers of few open files lose no byte.
func TestPoolShared(t *testing.T) {
	dir, pool := t.TempDir(), NewFilePool(3)
	done := make(chan string)
	const writers, rounds = 8, 200
	for n := range writers {
		name := filepath.Join(dir, string(rune('a'+n)))
		go func() {
			defer func() { done <- name }()
			f, err := pool.opener(createFile, createFlags)(name)
			if !assert.NoError(t, err) {
				return
			}
			for i := range int64(rounds) {
				_, err := f.WriteAt([]byte{byte(i)}, i)
				assert.NoError(t, err)
			}
			assert.NoError(t, f.Close())
		}()
	}
	for range writers {
		text, err := os.ReadFile(<-done)
		require.NoError(t, err)
		require.Len(t, text, rounds)
		for i, b := range text {
			require.Equal(t, byte(i), b)
		}
	}
	assert.Zero(t, pool.open.Len())
}
