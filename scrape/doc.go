// Package scrape records Prometheus endpoints. Prometheus' own scraper fetches
// and parses; a [Recorder] is the storage it writes to and turns every scrape
// into one [archive.Step].
//
// # Order of time
//
// An archive's records must not go back in time, but scrapes of several targets
// overlap: the one that began first may end last. The Recorder therefore holds
// a finished scrape until no scrape is under way that began earlier. What it
// holds is bounded by the scrape timeout.
//
// # Times that a page gives its samples
//
// A sample with a timestamp of its own goes into a record of that time if the
// archive has not passed it. A later one keeps its value and gets the time of
// the scrape, counted in the report; the same sample seen again is not recorded
// twice.
package scrape
