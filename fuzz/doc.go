// Package fuzz throws arbitrary bytes at the exported interface. Nothing may
// panic, hang or trust a length; what is accepted must be written again as it
// was read where the format leaves no choice.
//
//	FuzzFrames      framing, and that how bytes arrive does not matter
//	FuzzMetaRecord  bodies of metadata records
//	FuzzLabelJSON   the JSON of label sets
//	FuzzArchive     the three files of an archive, read in every way
//	FuzzAppend      archives that are written, then read back
//
// Seeds are made by this module's own code: go test ./fuzz -update.
package fuzz
