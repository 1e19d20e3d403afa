// Package pcp holds the nouns of Performance Co-Pilot that every other package
// shares: identifiers, timestamps, value types, semantics, units, error codes.
// It does no I/O and knows no byte layout.
//
// # Glossary
//
//   - A metric is a named measurement (kernel.all.load) with a [PMID], a value
//     [Type], [Semantics], [Units] and, when it has several values, an instance
//     domain.
//   - An instance domain ([InDomID]) is a set of instances, each an [InstID] and
//     a name ("1 minute", "sda"). A metric without one is singular; its one
//     value carries [InstNull].
//   - A mark is a record that says the history before it does not continue
//     after it: no value may be interpolated and no rate formed across it.
//   - A volume is one of the data files of an archive; the temporal index maps
//     times to places in the volumes and the metadata.
package pcp
