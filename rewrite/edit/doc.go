// Package edit applies rules of package rules to an archive. [New] works out what the rules
// mean for the archive's metadata, and finds contradictions before anything is written:
//
//	plan, err := edit.New(all, reader, edit.Options{})
//	…
//	report, err := rewrite.Copy(ctx, out, []*archive.Reader{reader}, rewrite.Options{Edit: plan})
//
// A [Plan] lists what changes ([Plan.Changes]) and which rules change nothing
// ([Plan.Warnings]). As a rewrite.Editor it changes record by record, in memory that does
// not depend on the length of the archive.
//
// # What follows a change
//
// When a metric gets another PMID, its help texts and labels follow. The labels of a domain
// or cluster follow too: all metrics that leave it take a copy along, and the original stays
// as long as a metric does. When an instance domain moves, its metrics, texts and labels
// follow. When instances get other numbers, their values and labels follow. A deleted metric
// takes its texts and labels with it, and its instance domain if no other metric uses it.
package edit
