package timespec_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/timespec"
	"github.com/pcparchive/pcparchive/pcp"
)

const layout = "2006-01-02 15:04:05.999999999"

func stamp(t *testing.T, text string) pcp.Timestamp {
	t.Helper()
	at, err := time.Parse(layout, text)
	require.NoError(t, err)
	return pcp.TimestampOf(at)
}

// window begins on a Tuesday; today is a Sunday, years later.
func window(t *testing.T) timespec.Window {
	t.Helper()
	start := stamp(t, "2024-03-05 13:07:47.5")
	return timespec.Window{
		Start: start, First: start, Zone: time.UTC, Now: time.Date(2026, 11, 29, 9, 40, 35, 0, time.UTC), Epoch: true,
		End: func() (pcp.Timestamp, error) { return stamp(t, "2024-03-09 02:00:00"), nil },
	}
}

// TestParse expects the results of PCP's pmParseTimeWindow, except where PCP
// misreads: a sign after a time, and a time of day without an @.
func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"@14:30": "2024-03-05 14:30:00", "14:30": "2024-03-05 14:30:00", "@ 14:30": "2024-03-05 14:30:00",
		"@13:07": "2024-03-05 13:07:00", "@13:07:30": "2024-03-05 13:07:30", "@13:08": "2024-03-05 13:08:00",
		"@10:00": "2024-03-06 10:00:00", "00:00": "2024-03-06 00:00:00", "@14:30:05.25": "2024-03-05 14:30:05.25",
		"@2pm": "2024-03-05 14:00:00", "2:30 PM": "2024-03-05 14:30:00", "2 pm": "2024-03-05 14:00:00", "@12:30am": "2024-03-06 00:30:00",

		"yesterday": "2026-11-28 00:00:00", "@yesterday": "2026-11-28 00:00:00", "yesterday 14:30": "2026-11-28 14:30:00",
		"@14:30 yesterday": "2026-11-28 14:30:00", "tomorrow 14:30": "2026-11-30 14:30:00", "today": "2026-11-29 00:00:00",
		"@today 10:00": "2026-11-29 10:00:00", "Yesterday 2pm": "2026-11-28 14:00:00", "yesterday 14:30 -5min": "2026-11-28 14:25:00",
		"now": "2026-11-29 09:40:35", "@now": "2026-11-29 09:40:35", "now-2h": "2026-11-29 07:40:35", "@now - 5 min": "2026-11-29 09:35:35",
		"now+1d": "2026-11-30 09:40:35",

		"start": "2024-03-05 13:07:47.5", "start+30s": "2024-03-05 13:08:17.5", "end": "2024-03-09 02:00:00", "end-5m": "2024-03-09 01:55:00",
		"end - 5 min": "2024-03-09 01:55:00", "end-1d2h": "2024-03-08 00:00:00",
		"5min": "2024-03-05 13:12:47.5", "+5min": "2024-03-05 13:12:47.5", "1h30m": "2024-03-05 14:37:47.5", "2days": "2024-03-07 13:07:47.5",
		"-1h": "2024-03-09 01:00:00", "-90": "2024-03-09 01:58:30", "1 hour ago": "2024-03-09 01:00:00", "@2 days ago": "2024-03-07 02:00:00",
		"@-1 hour": "2024-03-09 01:00:00", "@1 hour": "2024-03-05 14:07:47.5",

		"@Mar 7": "2024-03-07 00:00:00", "@Jan": "2025-01-01 00:00:00", "@Mar": "2024-03-01 00:00:00", "7 March 2024": "2024-03-07 00:00:00",
		"@Mar 7 14:30:00 2024": "2024-03-07 14:30:00", "@Thu Mar  7 14:30:00 2024": "2024-03-07 14:30:00", "@7 Mar 2024 1:02pm": "2024-03-07 13:02:00",
		"@2024-03-07": "2024-03-07 00:00:00", "@24-03-07 14:30": "2024-03-07 14:30:00", "@03/07/24 14:30": "2024-03-07 14:30:00",
		"2024-03-07 14:30": "2024-03-07 14:30:00", "2024-03-07T14:30": "2024-03-07 14:30:00", "@2024-03-07 14:30 + 5 min": "2024-03-07 14:35:00",
		"@2024-03-07 14:30 -1hour": "2024-03-07 13:30:00", "2024": "1970-01-01 00:33:44", "thursday 14:30": "2024-03-07 14:30:00",
		"tue 13:00": "2024-03-12 13:00:00", "tue": "2024-03-05 00:00:00",

		"@2024-03-07 14:30 UTC": "2024-03-07 14:30:00", "@2024-03-07 14:30 CET": "2024-03-07 13:30:00", "@2024-03-07 14:30 EST": "2024-03-07 19:30:00",
		"@2024-03-07 14:30 +0200": "2024-03-07 12:30:00", "2024-03-07T14:30:00Z": "2024-03-07 14:30:00", "2024-03-07 14:30:00+02:00": "2024-03-07 12:30:00",
		"14:30 Asia/Tokyo": "2024-03-06 05:30:00", "2024-03-07 14:30 Europe/Berlin": "2024-03-07 13:30:00",

		"1709816400": "2024-03-07 13:00:00", "@1709816400": "2024-03-07 13:00:00", "1709816400.123456789": "2024-03-07 13:00:00.123456789",
	} {
		got, err := window(t).Parse(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, got.Time().UTC().Format(layout[:19]+".999999999"), text)
	}
}

func TestParseMistakes(t *testing.T) {
	for _, text := range []string{
		"", "@", "later", "noon", "25:61", "14:60", "13pm", "0am", "14:3", "1..2", "Feb 30", "2024-02-30", "2024-13-01", "Nowhere/Bad", "14:30 Local", "14:30 14:40",
		"yesterday today", "yesterday 2024-03-07", "end-", "end-5x", "start5m", "1 fortnight", "99999999999days", "pm", "nan", "+inf", "-5 ago", "14:30 -", "1e400",
		"\x00", "÷", "ago", "+99 hours ago x", "14:30 7",
	} {
		_, err := window(t).Parse(text)
		assert.ErrorIs(t, err, timespec.ErrTime, "%q", text)
	}
}

// TestParseEnd checks that Parse returns the error of End.
func TestParseEnd(t *testing.T) {
	w, unreadable := window(t), errors.New("unreadable")
	w.End = func() (pcp.Timestamp, error) { return pcp.Timestamp{}, unreadable }
	for _, text := range []string{"end", "-5m", "5 min ago"} {
		_, err := w.Parse(text)
		assert.ErrorIs(t, err, unreadable, text)
	}
}

// TestParseBase parses the end of a window that begins late.
func TestParseBase(t *testing.T) {
	w := window(t)
	w.Start = stamp(t, "2024-03-07 10:00:00")
	for text, want := range map[string]string{
		"14:30": "2024-03-07 14:30:00", "9:30": "2024-03-08 09:30:00", "1h": "2024-03-07 11:00:00", "start+1h": "2024-03-05 14:07:47", "-1h": "2024-03-09 01:00:00",
	} {
		got, err := w.Parse(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, got.Time().UTC().Format(layout[:19]), text)
	}
}

// TestParseSummerTime parses days that do not have 24 hours.
func TestParseSummerTime(t *testing.T) {
	w := window(t)
	var err error
	w.Zone, err = time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	w.Start = stamp(t, "2024-03-30 22:00:00") // 23:00 in Berlin; this night lacks an hour
	got, err := w.Parse("12:00")
	require.NoError(t, err)
	assert.Equal(t, stamp(t, "2024-03-31 10:00:00"), got)
}

func TestInterval(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"90s": 90 * time.Second, "1h30m": 90 * time.Minute, "1.5min": 90 * time.Second, "4 days 6 hours 30 minutes": 102*time.Hour + 30*time.Minute,
		"4d6.5h": 102*time.Hour + 30*time.Minute, "7d": 168 * time.Hour, "1w": 168 * time.Hour, "1y": 8760 * time.Hour, "250ms": 250 * time.Millisecond,
		"1HOUR 15Mins 30secs": 75*time.Minute + 30*time.Second, "5": 5 * time.Second, "0": 0, "10µs": 10 * time.Microsecond, "4.35sec": 4350 * time.Millisecond,
	} {
		got, err := timespec.Interval(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, got, text)
	}
	for _, bad := range []string{"", " ", "-5s", "5x", "s", "h5", "1.2.3s", "300y", "5 s s"} {
		_, err := timespec.Interval(bad)
		assert.ErrorIs(t, err, timespec.ErrInterval, bad)
	}
}

// FuzzParse searches for text that crashes the program.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"@14:30", "yesterday 2 pm -5min", "Thu Mar 7 14:30:00 2024 CET", "24-03-07", "end - 5 min", "1709816400.5", "1 hour ago"} {
		f.Add(seed)
	}
	w := timespec.Window{
		Zone: time.UTC, Now: time.Unix(1796000000, 0), Epoch: true, Start: pcp.Timestamp{Sec: 1709816400}, First: pcp.Timestamp{Sec: 1709816400},
		End: func() (pcp.Timestamp, error) { return pcp.Timestamp{Sec: 1709900000}, nil },
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := w.Parse(text)
		if err != nil {
			require.ErrorIs(t, err, timespec.ErrTime)
			return
		}
		assert.True(t, got.Nsec >= 0 && got.Nsec < 1e9, "%q: %v", text, got)
	})
}
