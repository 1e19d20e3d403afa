package history_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/pcp"
)

// TestRuns adds each mark to the runs that exist and that it ends.
func TestRuns(t *testing.T) {
	target := func(name string) history.Target {
		set, err := labelset.New(labelset.Cluster, labelset.String("instance", name))
		require.NoError(t, err)
		return history.NewTarget(set)
	}
	a, b := target("a:1"), target("b:1")
	var runs history.Runs
	mark := func(sec int64, part int, of history.Target) {
		runs.Mark(&history.Step{Stamp: pcp.Timestamp{Sec: sec}, Mark: true, Part: part, Target: of})
	}
	mark(1, history.AllParts, history.Target{})
	first, second := runs.Of(a), runs.Of(b)
	mark(2, 0, a)
	mark(3, history.AllParts, history.Target{})
	mark(4, 1, b)
	assert.Equal(t, []pcp.Timestamp{{Sec: 2}, {Sec: 3}}, first.Marks)
	assert.Equal(t, []pcp.Timestamp{{Sec: 3}, {Sec: 4}}, second.Marks)
	assert.Same(t, first, runs.Of(a))
	assert.Equal(t, 2, runs.Len())
}
