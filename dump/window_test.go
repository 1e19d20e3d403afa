package dump_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/dump"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/pcp"
)

// TestWindow reads bounds. The sample begins at 22:13:20.25 on 14 November 2023
// UTC, a Tuesday, and ends four seconds later.
func TestWindow(t *testing.T) {
	r, err := archive.Open(archtest.Sample(t, pcp.V3), nil)
	require.NoError(t, err)
	start, end, none := after(0, 0), after(4, 0), pcp.Timestamp{}
	second := pcp.Timestamp{Sec: start.Sec + 2}
	for _, c := range []struct {
		from, to     string
		lower, upper pcp.Timestamp
	}{
		{"", "", none, none},
		{"1", "", after(1, 0), end},
		{"+1sec", "1sec", after(1, 0), after(2, 0)},
		{"", "1500msec", start, after(1, 500000000)},
		{"-1.5sec", "-1", after(2, 500000000), after(3, 0)},
		{"-1hour", "1min 2s", start, after(62, 0)},
		{"22:13:22", "@22:13:22", second, second},
		{"@ 22:13:22", "22:13", second, pcp.Timestamp{Sec: start.Sec - 20}},
		{"@2023-11-14T22:13:22Z", "1 hour", second, pcp.Timestamp{Sec: second.Sec + 3600}},
		{"@22:13:22", "@ 22:13:22", second, second},
		{"@ Tue Nov 14 22:13:22 2023", "@2023-11-14 22:13:22", second, second},
		{"@ Nov 14 22:13:22", "@2023-11-14T22:13:22Z", second, second},
		{"@ 22:13:22.5", "@ 2023-11-15", pcp.Timestamp{Sec: second.Sec, Nsec: 500000000}, pcp.Timestamp{Sec: 1700006400}},
	} {
		lower, upper, err := dump.Window([]*archive.Reader{r}, c.from, c.to, archive.Zone("UTC"))
		require.NoError(t, err, "%+v", c)
		assert.Equal(t, c.lower, lower, "%+v", c)
		assert.Equal(t, c.upper, upper, "%+v", c)
	}
	for _, bad := range []string{"later", "1 fortnight", "@ 25:61", "1..2", "99999999999days"} {
		_, _, err := dump.Window([]*archive.Reader{r}, bad, "", archive.Zone("UTC"))
		assert.ErrorIs(t, err, dump.ErrTime, bad)
	}
}
