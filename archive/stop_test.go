package archive_test

import (
	"errors"
	"iter"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

// TestStop ends passes, forward and backward, at each call of the query's Stop. The error
// is that of Stop, little is asked after it, and later passes read everything.
func TestStop(t *testing.T) {
	errEnough := errors.New("enough")
	for _, p := range append([]packer{{name: "plain"}}, packers...) {
		t.Run(p.name, func(t *testing.T) {
			base, last := manyRecords(t, pcp.V3, 1)
			if p.name != "plain" {
				p.pack(t, base+".0")
			}
			r, err := archive.Open(base, &archive.ReadOptions{Cache: 1000})
			require.NoError(t, err)
			for _, read := range []func(history.Query) iter.Seq2[*history.Step, error]{r.Steps, r.Backward} {
				for at := int64(1); ; at += 3 {
					var asked atomic.Int64
					stop := func() error {
						if asked.Add(1) >= at {
							return errEnough
						}
						return nil
					}
					records, err := int64(0), error(nil)
					for _, e := range read(history.Query{From: pcp.Timestamp{Sec: 2}, To: pcp.MaxTime, Stop: stop}) {
						if err = e; err == nil {
							records++
						}
					}
					if err == nil {
						require.Less(t, asked.Load(), at)
						assert.Greater(t, at, last, "each record is preceded by a question")
						assert.Equal(t, last-1, records)
						break
					}
					require.ErrorIs(t, err, errEnough)
					assert.LessOrEqual(t, asked.Load(), at+5)
					assert.LessOrEqual(t, records, at)
				}
			}
			assert.Equal(t, span(1, last), seconds(t, r, history.Query{}))
			assert.Empty(t, r.Warnings())
		})
	}
}
