package archive_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

// TestSpillAnswers reads volumes that do not fit into the cache, with and without
// temporary files: the same end and the same records, forward and backward,
// before and after a first pass.
func TestSpillAnswers(t *testing.T) {
	for _, p := range packers {
		t.Run(p.name, func(t *testing.T) {
			base, last := manyRecords(t, pcp.V3, 1)
			p.pack(t, base+".0")
			for name, spill := range map[string]int64{"files": 0, "none": -1, "too little room": 5000} {
				r, err := archive.Open(base, &archive.ReadOptions{Cache: 1000, Spill: spill})
				require.NoError(t, err)
				for range 2 {
					end, err := r.End()
					require.NoError(t, err)
					assert.EqualValues(t, last, end.Sec, name)
					assert.Equal(t, span(1, last), seconds(t, r, history.Query{}), name)
					var back []int64
					for step, err := range r.Backward(history.Query{To: pcp.MaxTime}) {
						require.NoError(t, err)
						back = append(back, step.Stamp.Sec)
					}
					slices.Reverse(back)
					assert.Equal(t, span(1, last), back, name)
				}
				assert.Empty(t, r.Warnings())
			}
		})
	}
}
