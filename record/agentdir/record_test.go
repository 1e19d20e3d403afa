package agentdir_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/record"
	"github.com/pcparchive/pcparchive/record/agentdir"
	"github.com/pcparchive/pcparchive/record/registry"
)

const patience = 2 * time.Minute

func put(t *testing.T, path, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
}

// A changed .url file changes the recording of its source, in the same archive and without a
// restart: other rules make another metric, and what they exclude ends.
func TestRecordReload(t *testing.T) {
	config, dir := t.TempDir(), t.TempDir()
	page := filepath.Join(t.TempDir(), "page")
	put(t, page, "x{a=\"b\",v=\"1\"} 4\ny 1\nbroken\n")
	put(t, filepath.Join(config, "src.url"), "file://"+page+"\n")
	numbers, err := registry.Open(registry.Options{Dir: dir, NoSync: true})
	require.NoError(t, err)
	loader := agentdir.New(config, agentdir.Options{Interval: 500 * time.Millisecond, Numbers: numbers})
	rec, err := record.New(context.Background(), record.Options{Dir: dir, Loader: loader, Numbers: numbers})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- rec.Run(ctx) }()
	wait := func(samples int64) {
		t.Helper()
		from := rec.Stats().Samples
		require.Eventually(t, func() bool { return rec.Stats().Samples >= from+samples }, patience, 10*time.Millisecond)
	}
	wait(4)
	put(t, filepath.Join(config, "src.url"), "file://"+page+"\nFILTER: EXCLUDE LABEL v\nFILTER: EXCLUDE METRIC y\nMETADATA: x u32 d counter KB\n")
	require.NoError(t, rec.Reload(ctx))
	wait(2)
	cancel()
	require.NoError(t, <-done)
	require.NoError(t, loader.Close())
	require.NoError(t, numbers.Close())

	found, err := filepath.Glob(filepath.Join(dir, "*", "src.*.meta"))
	require.NoError(t, err)
	require.NotEmpty(t, found)
	ended, last := map[string]bool{}, map[string]string{}
	for _, name := range found { // two, if an archive ended at midnight
		r, err := archive.Open(name[:len(name)-len(".meta")], nil)
		require.NoError(t, err)
		for step, err := range r.Steps(history.Query{}) {
			require.NoError(t, err)
			for _, mv := range step.Metrics {
				if mv.Err == pcp.ErrnoAgain {
					ended[mv.Metric.Name] = true
				}
				for _, p := range mv.Points {
					last[mv.Metric.Name] = p.Series.Inst.Name
				}
			}
		}
	}
	assert.Equal(t, "0 a:b v:1", last["openmetrics.src.x"])
	assert.Equal(t, "0 a:b", last["openmetrics.src.x_2"])
	assert.True(t, ended["openmetrics.src.x"], "the former metric ends")
	assert.True(t, ended["openmetrics.src.y"], "an excluded metric ends")
	assert.False(t, ended["openmetrics.src.x_2"])
}
