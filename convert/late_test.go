package convert_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/pcp"
)

// Of many hosts' archives it is told whose time went backwards, and when.
func TestLateRecordIsNamed(t *testing.T) {
	r := &convert.Report{}
	f := convert.NewFlattener(nil, convert.FlattenOptions{Host: "web1", Report: r})
	for _, sec := range []int64{10, 9} {
		require.NoError(t, f.Put(&archive.Step{Stamp: pcp.Timestamp{Sec: sec}}))
	}
	assert.Equal(t, []string{"skipped: time went backwards: once: record of web1 at 1970-01-01T00:00:09Z"}, r.Summary())
}
