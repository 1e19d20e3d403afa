package timeshift

import "time"

// Clock gives the Move of each moment. A nil Clock gives None.
type Clock struct {
	by int64 // the Move of a Clock without replay

	begin      time.Time // when the replay began
	start, end int64     // of the recording
	speed      float64   // 0: no replay
}

// Fixed returns a Clock that moves a recording so that its end is at a time. What is
// recorded later keeps the distance.
func Fixed(end int64, at time.Time) *Clock { return &Clock{by: at.UnixMilli() - end} }

// Replay returns a Clock that shows a recording as if it were being made, from the
// moment begin on. The last record that has appeared always lies at the present, and the
// distances between records stay as they are. At a speed other than 1 the recording
// therefore slides past; rates are right at any speed. After the end of the recording
// nothing moves any more, as if the host had stopped.
func Replay(start, end int64, begin time.Time, speed float64) *Clock {
	return &Clock{begin: begin, start: start, end: end, speed: speed}
}

// At returns the Move of a moment.
func (c *Clock) At(now time.Time) Move {
	switch {
	case c == nil:
		return None
	case c.speed == 0:
		return Move{By: c.by, Until: Always}
	}
	passed := max(float64(now.Sub(c.begin).Milliseconds()), 0)
	length := float64(c.end - c.start)
	if passed*c.speed < length {
		edge := c.start + int64(passed*c.speed)
		return Move{By: now.UnixMilli() - edge, Until: edge}
	}
	// The recording ended some time ago.
	return Move{By: c.begin.UnixMilli() + int64(length/c.speed) - c.end, Until: Always}
}
