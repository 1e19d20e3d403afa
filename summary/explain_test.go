package summary

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/pcparchive/pcparchive/pcp"
)

// TestReasons holds the text of each reason.
func TestReasons(t *testing.T) {
	at := func(sec int64) pcp.Timestamp { return pcp.Timestamp{Sec: sec} }
	everyTen := Presence{Values: 10, First: at(100), Last: at(190), Interval: 10*time.Second + time.Millisecond}
	within := everyTen
	within.Within = 2
	between := everyTen
	between.Before, between.After = at(130), at(140)
	late := everyTen
	late.After = at(100)
	denied := Presence{Errors: map[pcp.Errno]int64{-12387: 7}}
	for name, c := range map[string]struct {
		e    Request
		p    Presence
		text bool
		want []string
	}{
		"errors": {Request{Name: "a.b"}, denied, false, []string{
			"a.b: an error was recorded instead of values, 7 times: No permission to perform requested operation",
		}},
		"nothing": {Request{Name: "a.b"}, Presence{}, false, []string{"a.b: no value was recorded"}},
		"short window": {Request{Name: "a.b", From: at(132), To: at(135)}, between, false, []string{
			"a.b: no value from 1970-01-01 00:02:12 UTC to 1970-01-01 00:02:15 UTC: the nearest are of 1970-01-01 00:02:10 UTC and 1970-01-01 00:02:20 UTC; " +
				"it is recorded every 10s, and the window is 3s long",
		}},
		"early": {Request{To: at(99)}, late, false, []string{"the archive: no value up to 1970-01-01 00:01:39 UTC: the first is of 1970-01-01 00:01:40 UTC"}},
		"text":  {Request{Name: "a.b"}, within, true, []string{"a.b: the values are text, no numbers"}},
		"short range": {Request{Name: "a", Range: 15 * time.Second}, within, false, []string{
			"a: it is recorded every 10s, and a range needs two samples: widen [15s] to [20s] or more",
		}},
		"labels": {Request{Name: "a", Labels: true}, within, false, []string{"a: has values then, but none of a series with these labels"}},
	} {
		var got []string
		for _, reason := range c.e.reasons(&c.p, c.text, time.UTC) {
			got = append(got, reason.Text)
		}
		assert.Equal(t, c.want, got, name)
	}
}
