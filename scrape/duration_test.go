package scrape

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestDeadlineOf(t *testing.T) {
	began := time.Date(2026, 3, 7, 14, 30, 0, 0, time.UTC)
	at := func(seconds int) time.Time { return began.Add(time.Duration(seconds) * time.Second) }
	const duration, interval = 30 * time.Second, 10 * time.Second
	for name, tc := range map[string]struct{ first, now, want time.Time }{
		"no scrape yet":           {now: at(40)},
		"first scrape":            {first: at(7), now: at(8), want: at(32)},
		"no scrape for too long":  {now: at(41), want: at(30)},
		"first scrape comes late": {first: at(41), now: at(42), want: at(66)},
	} {
		assert.Equal(t, tc.want, deadlineOf(tc.first, began, tc.now, duration, interval), name)
	}
}
