package archive_test

import (
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

// TestReadAhead reads a volume that is long enough to be read ahead, that has
// records longer than a piece, and that ends inside a record. A consumer that
// stops early must leave no goroutine behind.
func TestReadAhead(t *testing.T) {
	base := wideArchive(t, 150)
	const records = 150 + 1
	a, err := archive.Continue(base, nil)
	require.NoError(t, err)
	long := &archive.Result{Stamp: pcp.Timestamp{Sec: 1000}, Sets: []archive.ValueSet{
		{PMID: wideDesc.PMID, Format: archive.Block, Values: []history.Value{{Type: pcp.TypeAggregate, Data: make([]byte, 700<<10)}}},
	}}
	require.NoError(t, a.Append(long))
	long.Stamp.Sec++
	require.NoError(t, a.Append(long))
	require.NoError(t, a.Close())
	info, err := os.Stat(base + ".0")
	require.NoError(t, err)
	require.NoError(t, os.Truncate(base+".0", info.Size()-1))

	r, err := archive.Open(base, nil)
	require.NoError(t, err)
	before := runtime.NumGoroutine()
	n, last := 0, pcp.Timestamp{}
	for rec, err := range r.Records(archive.RoleData) {
		if err != nil {
			require.ErrorIs(t, err, pcp.ErrUnfinished)
			break
		}
		n++
		last = rec.Record.(*archive.Result).Stamp
	}
	assert.Equal(t, records, n)
	assert.Equal(t, int64(1000), last.Sec)
	for range r.Steps(history.Query{}) {
		break
	}
	for range 1000 { // a goroutine that has ended may still be counted
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Errorf("%d goroutines instead of %d", runtime.NumGoroutine(), before)
}
