// Package fuzz throws arbitrary bytes at the exported interface. Nothing may
// panic, hang or trust a length; what is accepted must be written again as it
// was read where the format leaves no choice.
//
//	FuzzFrames      framing, and that how bytes arrive does not matter
//	FuzzHeader      archive labels
//	FuzzMetaRecord  bodies of metadata records
//	FuzzDataRecord  payloads of data records, event arrays included
//	FuzzLabelJSON   the JSON of label sets
//	FuzzArchive     the three files of an archive, read in every way
//	FuzzIndex       arbitrary index entries beside good files
//	FuzzRewrite     the three files of an archive, copied and copied again
//	FuzzContinue    the three files of an archive, appended to and appended to again
//	FuzzRecords     records of every kind as they are stored: written, then read
//	FuzzAppend      values with metadata that changes: written, then read
//
// Seeds are made by this module's own code: go test ./fuzz -update.
package fuzz
