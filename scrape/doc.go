// Package scrape runs Prometheus' scraper with an archive as its storage. The scraper
// fetches and parses; a [Recorder] is the storage it writes to and turns every scrape
// into one [history.Step].
//
// # Order of time
//
// An archive's records must not go back in time, but scrapes of several targets
// overlap: the one that began first may end last. The Recorder therefore holds
// a finished scrape while an earlier one is still running, but for a second at
// most, so that an endpoint that hangs does not keep the others' records
// in memory. A scrape that ends later keeps its own time if the archive has no later
// record. Otherwise it gets the time of the last record, and the report counts it.
//
// # Nothing is lost silently
//
// Every sample of a successful scrape that is left after relabelling is either
// recorded or counted in the report. A page that the scraper cannot read, or that
// makes it panic, is a failed scrape.
//
// # Times that a page gives its samples
//
// A sample with its own timestamp goes into a record of that time if the archive has
// no later record. Otherwise the sample gets the time of the scrape, and the report
// counts it. A sample that the next page repeats is recorded once.
package scrape
