package convert_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// A domain that changes with every step gets a label record every ten seconds, and readers
// know the labels of every instance all the same. Labels that a name does not tell are
// written at once.
func TestSpareLabels(t *testing.T) {
	assert.Equal(t, 5, labelRecords(t, "/a b "), "the first, three after ten seconds each, and the last")
	assert.Equal(t, 35, labelRecords(t, "/a b:c "))
}

// labelRecords records instances of one step with a path, and returns the number of label
// records.
func labelRecords(t *testing.T, path string) (records int) {
	t.Helper()
	base := filepath.Join(t.TempDir(), "rec")
	a, err := archive.Create(base, archive.LocalHeader("h"), nil)
	require.NoError(t, err)
	to := convert.NewToArchive(a)
	to.SpareLabels(10 * time.Second)
	m, err := mapper.New(mapper.Options{Host: "h"})
	require.NoError(t, err)
	src, err := m.Source(mapper.Target{Name: "web", Job: "web", Instance: "h:1"})
	require.NoError(t, err)
	const steps = 35
	var before *mapper.Series
	labelsOf := func(i int) []prom.Label {
		return []prom.Label{{Name: "path", Value: fmt.Sprintf("%s%d", path, i)}, {Name: "pod", Value: fmt.Sprintf("p%d", i)}}
	}
	for i := range steps {
		src.Begin(pcp.Timestamp{Sec: int64(1000 + i)})
		ser, err := src.Series("x", labelsOf(i), prom.Family{Name: "x", Type: "gauge"})
		require.NoError(t, err)
		src.Set(ser, float64(i))
		if before != nil {
			src.End(before)
		}
		before = ser
		require.NoError(t, to.Put(src.Step()))
	}
	require.NoError(t, to.Close())
	r, err := archive.Open(base, nil)
	require.NoError(t, err)
	for l := range r.Meta().AllLabels() {
		if l.Level == labelset.Instances {
			records++
		}
	}
	seen := 0
	for step, err := range r.Steps(history.Query{}) {
		require.NoError(t, err)
		for _, mv := range step.Metrics {
			for _, p := range mv.Points {
				assert.Equal(t, fmt.Sprintf("p%d", seen), p.Series.Labels.Text("pod"))
				assert.Equal(t, 2, p.Series.Labels.Len(), "%v", p.Series.Labels)
				seen++
			}
		}
	}
	assert.Equal(t, steps, seen)
	assert.Equal(t, oracle.Result{}, oracle.Exec(t, "pmlogcheck", base))
	return records
}

// The labels of domains that no recorder made are not made up.
func TestLateLabelsOfOthers(t *testing.T) {
	s := meta.NewStore()
	for _, id := range []pcp.InDomID{pcp.InDomNull, pcp.NewInDomID(60, 5120), pcp.NewInDomID(144, 5120), pcp.NewInDomID(144, 0)} {
		assert.Zero(t, s.LateLabels(id, pcp.MaxTime, meta.Instance{ID: 3, Name: "3 a:b"}).Len())
	}
}
