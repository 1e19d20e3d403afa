package registry

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/pcp"
)

// TestTotals: the counters of a target that leaves a shared archive and comes back count on,
// because no mark is in between.
func TestTotals(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	m, err := mapper.New(mapper.Options{Host: "h", Numbers: opened(t, &now)})
	require.NoError(t, err)
	add := func(name string) *mapper.Source {
		src, err := m.Source(mapper.Target{Name: name, Job: "job", Instance: name, URL: "http://h/"})
		require.NoError(t, err)
		return src
	}
	calls := func(src *mapper.Source) uint64 {
		now = now.Add(time.Second)
		src.Begin(pcp.TimestampOf(now))
		src.SetHealth(mapper.Health{Up: 1, Fetch: time.Second})
		step := src.Step()
		assert.Equal(t, step.Metrics[0].Points[0].Value.Bits*1000, step.Metrics[1].Points[0].Value.Bits, "calls and fetch_time")
		return step.Metrics[0].Points[0].Value.Bits
	}
	a, b := add("a"), add("b")
	assert.Equal(t, []uint64{1, 2, 1}, []uint64{calls(a), calls(a), calls(b)})
	a.Release()
	assert.Equal(t, uint64(2), calls(b))
	a = add("a")
	assert.Equal(t, uint64(3), calls(a))
	for range 100 { // others come and go
		add(fmt.Sprintf("other%d", now.Unix())).Release()
		now = now.Add(time.Second)
	}
	assert.Equal(t, uint64(4), calls(a))
	a.Release()
	b.Release()
	assert.Equal(t, []uint64{5, 3}, []uint64{calls(add("a")), calls(add("b"))})
}
