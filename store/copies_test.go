package store_test

import (
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/store"
)

// A recorder may scrape two exporters of a host at the same times from the same beginning.
// The steps of both count, and those of a copy of an archive do not count again.
func TestSimultaneousTargets(t *testing.T) {
	dir := t.TempDir()
	bases := archtest.TargetsAtOnce(t, dir)
	require.NoError(t, os.Mkdir(filepath.Join(dir, "copy"), 0o755))
	for _, suffix := range []string{".meta", ".index", ".0"} {
		data, err := os.ReadFile(bases[0] + suffix)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, "copy", filepath.Base(bases[0])+suffix), data, 0o600))
	}
	hosts, err := store.Open([]string{dir}, nil)
	require.NoError(t, err)
	set, err := hosts.Only()
	require.NoError(t, err)
	require.Len(t, set.Archives(), len(bases)+1, "the copy in the folder below is read as well")
	for name, steps := range map[string]iter.Seq2[*history.Step, error]{
		"forward": set.Steps(history.Query{}), "backward": set.Backward(history.Query{}),
	} {
		counts := map[string]int{}
		for step, err := range steps {
			require.NoError(t, err)
			if !step.Mark {
				counts[strings.TrimSuffix(step.Metrics[0].Metric.Target.String(), ":9100")]++
			}
		}
		assert.Equal(t, map[string]int{"web1": 10, "web3": 10}, counts, name)
	}
}
