package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/summary"
)

// TestReasons words why there is nothing.
func TestReasons(t *testing.T) {
	at := func(sec int64) pcp.Timestamp { return pcp.Timestamp{Sec: sec} }
	everyTen := summary.Presence{Values: 10, First: at(100), Last: at(190), Interval: 10*time.Second + time.Millisecond}
	within := everyTen
	within.Within = 2
	between := everyTen
	between.Before, between.After = at(130), at(140)
	late := everyTen
	late.After = at(100)
	denied := summary.Presence{Errors: map[pcp.Errno]int64{-12387: 7}}
	for name, c := range map[string]struct {
		e    emptiness
		p    summary.Presence
		text bool
		want []string
	}{
		"errors": {emptiness{what: "a.b"}, denied, false, []string{
			"a.b: an error was recorded instead of values, 7 times: No permission to perform requested operation",
		}},
		"nothing": {emptiness{what: "a.b"}, summary.Presence{}, false, []string{"a.b: no value was recorded"}},
		"short window": {emptiness{what: "a.b", from: at(132), to: at(135)}, between, false, []string{
			"a.b: no value from 1970-01-01 00:02:12 UTC to 1970-01-01 00:02:15 UTC: the nearest are of 1970-01-01 00:02:10 UTC and 1970-01-01 00:02:20 UTC; " +
				"it is recorded every 10s, and the window is 3s long",
		}},
		"early": {emptiness{to: at(99)}, late, false, []string{"the archive: no value up to 1970-01-01 00:01:39 UTC: the first is of 1970-01-01 00:01:40 UTC"}},
		"text":  {emptiness{what: "a.b"}, within, true, []string{"a.b: the values are text, no numbers; 'pcparchive dump' lists them, and 'export --strings info' exports them"}},
		"short range": {emptiness{what: "a", reach: 15 * time.Second}, within, false, []string{
			"a: it is recorded every 10s, and a range needs two samples: widen [15s] to [20s] or more",
		}},
		"labels": {emptiness{what: "a", labels: true}, within, false, []string{"a: has values then, but none of a series with these labels; 'pcparchive labels dump --merged' lists labels"}},
	} {
		assert.Equal(t, c.want, c.e.reasons(&c.p, c.text, time.UTC), name)
	}
}
