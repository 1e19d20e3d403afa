// Package ingest writes archives of Prometheus samples. It routes each series to
// the archive of its host, or of its value of another label, writes the archives
// beside their places, and moves them there when all are complete.
//
//	im, err := ingest.New(ingest.Options{Out: "rec", SplitBy: "instance", Report: report})
//	if err != nil {
//		return err
//	}
//	result, err := im.Samples(ctx, ingest.Source{SampleSource: reader})
//
// [Importer.Samples] takes samples in any order of time. [Importer.Blocks] reads
// Prometheus blocks, which it can read several times: it writes a bounded number of
// archives in each pass, so that memory and open files do not grow with the number
// of hosts.
//
// Samples pass through relabelling, the sorter, and one [assemble.Assembler] for
// each archive. The caller's [prom.Report] counts the data that an archive cannot hold.
package ingest
