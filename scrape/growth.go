package scrape

// growth measures how fast the records of one source make the archive grow. The
// first record does not count, because most of the metadata comes with it.
type growth struct {
	scrapes     int
	first, last int64 // times of scrapes, ms
	bytes       int64 // of all records but the first
}

// add adds the size of the record of the scrape at t.
func (g *growth) add(t, bytes int64) {
	if g.scrapes++; g.scrapes == 1 {
		g.first, g.last = t, t
		return
	}
	if t < g.last { // the clock was set back: the time until now counts
		g.first -= g.last - t
	}
	g.last = t
	g.bytes += bytes
}

// perDay returns the bytes that the source adds a day, zero if that is not known yet.
func (g *growth) perDay() float64 {
	const day = 24 * 60 * 60 * 1000 // ms
	if g.last <= g.first {
		return 0
	}
	return float64(g.bytes) / float64(g.last-g.first) * day
}
