package soak

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/exporterfleet"
)

// TestChurn records one target of which a tenth of 2,000 instances are replaced each second.
// It prints what a scrape costs near the tenth and near the last, and the bytes of metadata
// and of data.
func TestChurn(t *testing.T) {
	program := build(t)
	const series, replaced, around = 2000, 200, 10
	last := int64(*churned)
	f, err := exporterfleet.Start(exporterfleet.Options{Targets: 1, Series: series, Churn: replaced})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, f.Close()) })
	*interval = time.Second
	r := start(t, program, f.Config("node", 0, 1))
	at := func(scrape int64) time.Duration {
		require.Eventually(t, func() bool { served, _ := f.Served(0); return served >= scrape }, time.Hour, 5*time.Millisecond)
		time.Sleep(*interval / 2) // it is recorded by then, and the next one has not begun
		return r.threadTime()
	}
	cost := func(from, to int64) time.Duration {
		before := at(from)
		return (at(to) - before) / time.Duration(to-from)
	}
	early := cost(around/2, around/2+around)
	t.Logf("scrapes %d to %d: %s of processor time each", around/2+1, around/2+around, early)
	middle := cost(around/2+around, last-around)
	late := cost(last-around, last)
	meta, data := r.sizes()
	t.Logf("scrapes up to %d: %s each; scrapes %d to %d: %s each, %.2f times the first", last-around, middle, last-around+1, last, late, float64(late)/float64(early))
	t.Logf("metadata %d bytes, data %d bytes: %.2f", meta, data, float64(meta)/float64(data))
	r.stop()
}

// threadTime returns the processor time of the threads of the recorder so far. It is exact,
// unlike cpu, but lacks that of threads that have ended.
func (r *recorder) threadTime() (used time.Duration) {
	all, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", r.cmd.Process.Pid)) // the pattern is right
	for _, name := range all {
		var ns int64
		if text, err := os.ReadFile(name); err == nil {
			if _, err := fmt.Sscan(string(text), &ns); err == nil {
				used += time.Duration(ns)
			}
		}
	}
	return used
}
