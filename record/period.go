package record

import "time"

const day = 24 * time.Hour

// period returns the time at which the rotation period that contains t begins: local
// midnight of every nth day, or a part of a day after midnight.
func period(t time.Time, every time.Duration) time.Time {
	t = t.Local()
	midnight := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.Local)
	if every < day {
		// Hours of the clock, so that an hour that is skipped or repeated in spring and
		// autumn moves no boundary.
		clock := time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute
		begin := clock / every * every
		return time.Date(t.Year(), t.Month(), t.Day(), int(begin/time.Hour), int(begin%time.Hour/time.Minute), 0, 0, time.Local)
	}
	days := int64(every / day)
	// The number of the local day, counted as if it were one of UTC.
	number := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC).Unix() / int64(day/time.Second)
	return midnight.AddDate(0, 0, -int(number%days))
}
