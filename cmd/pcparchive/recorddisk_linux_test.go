package main

import (
	"fmt"
	"os"
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
