// Package record records Prometheus endpoints into archives, unattended and for months.
//
//	Loader    reads a configuration: jobs, their targets, the files to watch
//	Recorder  scrapes the jobs, and writes, rotates and reloads
//	Numbers   numbers that are the same in all archives, see mapper.Numbers
//	Cull      removes old archives
//
// Each archive has one writer and one lock: the goroutine that commits a scrape writes
// its record. No scrape waits for another target, unless both share an archive.
//
// Who holds several locks takes them in this order: Recorder.mu, that of the
// [scrape.Recorder] of an archive, chain.mu, and then that of owners, claims, found, space,
// closing or Numbers.
package record
