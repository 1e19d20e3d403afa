// Package pcp defines the vocabulary of Performance Co-Pilot that all other
// packages share: identifiers, timestamps, value types, semantics, units and
// error codes. It does no I/O and does not know how archives lay out bytes.
//
// # Glossary
//
//   - A metric is a named measurement (kernel.all.load) with a [PMID], a value
//     [Type], [Semantics], [Units] and, if it has several values, an instance
//     domain.
//   - An instance domain ([InDomID]) is a set of instances, each an [InstID] and
//     a name ("1 minute", "sda"). A metric without an instance domain is
//     singular; its only value carries [InstNull].
//   - A mark is a record that says that recording stopped and started again. Do
//     not interpolate a value or form a rate across a mark.
//   - A volume is one of the data files of an archive. The temporal index maps
//     times to positions in the volumes and in the metadata.
package pcp
