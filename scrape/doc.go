// Package scrape records Prometheus endpoints. Prometheus' own scraper fetches
// and parses; a [Recorder] is the storage it writes to and turns every scrape
// into one [history.Step].
//
// # Order of time
//
// An archive's records must not go back in time, but scrapes of several targets
// overlap: the one that began first may end last. The Recorder therefore holds
// a finished scrape until no scrape is under way that began earlier, but for a
// second at most, so that an endpoint that hangs does not keep the others' records
// in memory. A scrape that ends later has its own time if the archive has not
// passed it, else the time of the last record, which is counted.
//
// # Nothing is lost silently
//
// Of a scrape that succeeded, the samples left after relabelling are those that
// were recorded and those that the report counts. A page that the scraper cannot
// read, be it for a panic in it, is a scrape that failed.
//
// # Times that a page gives its samples
//
// A sample with a timestamp of its own goes into a record of that time if the
// archive has not passed it. A later one keeps its value and gets the time of
// the scrape, counted in the report; the same sample on the next page is not
// recorded twice.
package scrape
