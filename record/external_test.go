package record_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/labelset"
)

// External labels of a configuration that is loaded again are those of the records that
// follow, in the same archives.
func TestExternalLabelsChange(t *testing.T) {
	page := serve(t, "x 1\n")
	with := func(dc string) string {
		return strings.Replace(global, "dc: east", "dc: "+dc, 1) + "scrape_configs:\n" + job("one", page.address())
	}
	s := configure(t, with("east"))
	s.start(nil)
	s.wait(3)
	s.write(with("west"))
	require.NoError(t, s.rec.Reload(context.Background()))
	more := page.scrapes.Load() + 4
	require.Eventually(t, func() bool { return page.scrapes.Load() > more }, patience, 5*time.Millisecond)
	s.stop()
	r, err := archive.Open(s.find("one"), nil)
	require.NoError(t, err)
	var seen []string
	for step, err := range r.Steps(history.Query{}) {
		require.NoError(t, err)
		for _, m := range step.Metrics {
			dc := m.Metric.Labels[labelset.AtContext].Text("dc")
			if len(seen) == 0 || seen[len(seen)-1] != dc {
				seen = append(seen, dc)
			}
		}
	}
	assert.Equal(t, []string{"east", "west"}, seen)
}
