package flatten_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

// Of many hosts' archives it is told whose time went backwards, and when.
func TestLateRecordIsNamed(t *testing.T) {
	r := &prom.Report{}
	f := flatten.New(nil, flatten.Options{Host: "web1", Report: r})
	for _, sec := range []int64{10, 9} {
		require.NoError(t, f.Put(&history.Step{Stamp: pcp.Timestamp{Sec: sec}}))
	}
	assert.Equal(t, []string{"skipped: time went backwards: once: record of web1 at 1970-01-01T00:00:09Z"}, r.Summary())
}
