package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/exporterfleet"
)

// TestRecordFullDisk fills the file system of a recording twice. Writing pauses and goes
// on, and every scrape is recorded, failed, or within a gap.
func TestRecordFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("none", dir, "tmpfs", 0, "size=4m"); err != nil {
		t.Skip("cannot mount:", err)
	}
	t.Cleanup(func() { assert.NoError(t, syscall.Unmount(dir, 0)) })
	r := newRecording(t, filepath.Join(dir, "rec"), exporterfleet.Options{Targets: 5, Series: 40, Churn: 1})
	r.start()
	r.pages(20)
	ballast := filepath.Join(dir, "ballast")
	for n := 1; n <= 2; n++ {
		fill(t, ballast)
		r.until("the disk is full", n)
		r.pages(20)
		require.NoError(t, os.Remove(ballast))
		r.until("the disk has room again", n)
		r.pages(20)
	}
	r.stop()
	all := r.checked()
	for target := range 5 {
		records, last, gaps := all[fmt.Sprint("t", target)], int64(0), 0
		for _, rec := range records {
			if rec.Scrape == 0 {
				continue
			}
			require.Greater(t, rec.Scrape, last)
			if rec.Scrape > last+1 {
				gaps++
			}
			last = rec.Scrape
		}
		served, _ := r.fleet.Served(target)
		assert.GreaterOrEqual(t, last, served-1, "the last scrape is there")
		assert.Positive(t, gaps)
	}
}

// TestRecordReadOnly makes the folder of a recording read-only for a while, as a file system
// does after an error. The recording goes on, counts what it loses, and records again
// afterwards. A start on a read-only folder is refused.
func TestRecordReadOnly(t *testing.T) {
	dir := t.TempDir()
	r := newRecording(t, filepath.Join(dir, "rec"), exporterfleet.Options{Targets: 3, Series: 200, Churn: 20})
	r.args = append(r.args, "--volume-size", "20kB", "--listen", "127.0.0.1:0")
	require.NoError(t, os.MkdirAll(r.dir, 0o755))
	r.start()
	r.pages(20)
	if err := readOnly(r.dir); err != nil {
		t.Skip("cannot mount:", err)
	}
	mounted := true
	t.Cleanup(func() {
		if mounted {
			_ = syscall.Unmount(r.dir, syscall.MNT_DETACH)
		}
	})
	r.until("archive cannot be written, still trying", 3) // at the next volume
	path, err := os.Executable()
	require.NoError(t, err)
	elsewhere := filepath.Join(r.dir, "elsewhere")
	out, err := (&exec.Cmd{Path: path, Args: []string{"pcparchive", "record", "http://127.0.0.1:9/", "-o", elsewhere}}).CombinedOutput()
	require.Error(t, err)
	assert.Contains(t, string(out), elsewhere+": cannot be created: read-only file system")
	require.NoError(t, syscall.Unmount(r.dir, syscall.MNT_DETACH))
	mounted = false
	r.until("archive is written again", 3)
	r.pages(20)
	r.stop()
	assert.Regexp(t, `[1-9][0-9,]* samples lost that could not be written`, r.log.String())
	for target, records := range r.checked() {
		last, gaps := int64(0), 0
		for _, rec := range records {
			if rec.Scrape > 0 {
				require.Greater(t, rec.Scrape, last, target)
				if rec.Scrape > last+1 {
					gaps++
				}
				last = rec.Scrape
			}
		}
		assert.GreaterOrEqual(t, gaps, 1, target)
	}
}

// readOnly mounts a folder read-only over itself. Files that are open for writing stay so.
func readOnly(dir string) error {
	if err := syscall.Mount(dir, dir, "", syscall.MS_BIND, ""); err != nil {
		return err
	}
	if err := syscall.Mount("", dir, "", syscall.MS_BIND|syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		return errors.Join(err, syscall.Unmount(dir, syscall.MNT_DETACH))
	}
	return nil
}

// fill writes a file until there is no room.
func fill(t *testing.T, name string) {
	t.Helper()
	f, err := os.Create(name)
	require.NoError(t, err)
	block := make([]byte, 4096)
	for err == nil {
		_, err = f.Write(block)
	}
	require.ErrorIs(t, err, syscall.ENOSPC)
	require.NoError(t, f.Close())
}
