package scrape

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/pcp"
)

// continued is a sink that has records already, the last of them at a time.
type continued struct {
	Sink
	last pcp.Timestamp
}

func (c continued) Last() (pcp.Timestamp, bool) { return c.last, c.last != pcp.Timestamp{} }

// TestContinuesAfterTheLastRecord: scrapes have whole milliseconds and archives do
// not, so what follows a record must not come before it in the same millisecond.
func TestContinuesAfterTheLastRecord(t *testing.T) {
	m, err := mapper.New(mapper.Options{Host: "h"})
	require.NoError(t, err)
	for last, want := range map[pcp.Timestamp]int64{
		{Sec: 5}: 5000, {Sec: 5, Nsec: 1}: 5001, {Sec: 5, Nsec: 999_999}: 5001, {Sec: 5, Nsec: 1_000_000}: 5001, {Sec: 5, Nsec: 999_000_001}: 6000,
	} {
		r := NewRecorder(m, continued{last: last}, &prom.Report{}, nil)
		assert.True(t, r.any)
		assert.Equal(t, want, r.last, "after %v", last)
		assert.False(t, stamp(r.last).Before(last), "%v comes before %v", stamp(r.last), last)
	}
	assert.False(t, NewRecorder(m, continued{}, &prom.Report{}, nil).any, "a new archive has no last record")
}
