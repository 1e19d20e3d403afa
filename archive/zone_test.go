package archive_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
)

func TestZone(t *testing.T) {
	const winter, summer = 1705276800, 1721001600 // 15 January and 15 July 2024, 00:00 UTC
	for _, tt := range []struct {
		info, tz       string
		winter, summer string
	}{
		{"", "UTC", "00:00:00 UTC", "00:00:00 UTC"},
		{"", "", "00:00:00 UTC", "00:00:00 UTC"},
		{"", "nonsense", "00:00:00 UTC", "00:00:00 UTC"},
		{"", "AEDT-11", "11:00:00 AEDT", "11:00:00 AEDT"},
		{":Australia/Melbourne", "AEDT-11", "11:00:00 AEDT", "10:00:00 AEST"},
		{":No/Such", "EST5", "19:00:00 EST", "19:00:00 EST"},
		{"", "IST-5:30", "05:30:00 IST", "05:30:00 IST"},
		{"", "XYZ+1:02:03", "22:57:57 XYZ", "22:57:57 XYZ"},
		{"", "<-03>3", "21:00:00 -03", "21:00:00 -03"},
		{"", "CET-1CEST,M3.5.0,M10.5.0/3", "01:00:00 CET", "02:00:00 CEST"},
		{"", "EST-10EDT-11,M10.1.0,M4.1.0/3", "11:00:00 EDT", "10:00:00 EST"},
		{"", "EST-11EST-10,86/2:00,303/2:00", "11:00:00 EST", "10:00:00 EST"},
		{"", "AB99999999999999999999", "00:00:00 UTC", "00:00:00 UTC"},
	} {
		t.Run(tt.info+tt.tz, func(t *testing.T) {
			loc := archive.ZoneOf(tt.info, tt.tz)
			assert.Equal(t, tt.winter, time.Unix(winter, 0).In(loc).Format("15:04:05 MST"))
			assert.Equal(t, tt.summer, time.Unix(summer, 0).In(loc).Format("15:04:05 MST"))
		})
	}
}

// TestParseZone parses zones in the forms that a person writes.
func TestParseZone(t *testing.T) {
	winter := time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)
	for name, offset := range map[string]int{
		"UTC": 0, "Europe/Berlin": 3600, ":Asia/Tokyo": 9 * 3600, "AEST-10": 10 * 3600, "CET-1CEST": 3600, "EST5EDT": -5 * 3600,
		"<+0530>-5:30": 19800, "AEST-10AEDT,M10.1.0,M4.1.0/3": 11 * 3600,
	} {
		loc, err := archive.ParseZone(name)
		require.NoError(t, err, name)
		_, got := winter.In(loc).Zone()
		assert.Equal(t, offset, got, name)
	}
	for _, bad := range []string{"", ":", "Nowhere/Bad", "Nowhere/Bad3", "XX+3", "+02:00", "Local", "../etc", "CET-1,", "CET-1CEST,M3.5.0", "UTC+99", "Europe/Berlin "} {
		_, err := archive.ParseZone(bad)
		assert.ErrorIs(t, err, archive.ErrZone, bad)
	}
}
