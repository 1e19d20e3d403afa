package archive_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/pcp"
)

// An instance that the domain in force lacks keeps its last name, wherever the reading
// begins, if the query wants it. Its series stays the same.
func TestDroppedInstanceKeepsName(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		r, err := archive.Open(archtest.Dropped(t, v), nil)
		require.NoError(t, err)
		want := []string{"000012 burner", "000012 burner", "000012 burner", "000012 burner", "000012 burner", "000012 successor"}
		for begin := range want {
			var names []string
			series := map[*history.Series]bool{}
			for step, err := range r.Steps(history.Query{PastNames: true, From: pcp.Timestamp{Sec: archtest.Start.Sec + 10*int64(begin)}}) {
				require.NoError(t, err)
				points := step.Metrics[0].Points
				require.Len(t, points, 3)
				names = append(names, points[1].Series.Inst.Name)
				series[points[1].Series] = true
				assert.Equal(t, "000001 init", points[0].Series.Inst.Name)
				assert.Empty(t, points[2].Series.Inst.Name, "no domain ever listed it")
			}
			assert.Equal(t, want[begin:], names)
			assert.Len(t, series, min(2, len(names)))
		}
		for step, err := range r.Steps(history.Query{From: pcp.Timestamp{Sec: archtest.Start.Sec + 20}, To: pcp.Timestamp{Sec: archtest.Start.Sec + 40}}) {
			require.NoError(t, err)
			assert.Empty(t, step.Metrics[0].Points[1].Series.Inst.Name)
		}
	})
}
