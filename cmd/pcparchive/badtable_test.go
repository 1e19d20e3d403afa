package main

import "strings"

// outcome is what becomes of a bad archive.
type outcome struct {
	read  int    // exit status of what reads the values
	check int    // of check
	say   string // what standard error names when that is not 0: file, offset, reason
	// salvaged is the least number of data records that check --salvage gets out
	// of an archive that cannot be read as it is.
	salvaged int
	// empty: what can be read precedes the first record.
	empty bool
	// crumb: the volume ends in less than a length, which a listing, like the
	// reference's, takes for its end.
	crumb bool
	// backwards: time goes back, where exports leave records out and say so.
	backwards bool
	// astray: the index leads between records, where a listing follows it as the
	// reference's does, and says so.
	astray bool
	// living: the volume ends inside a record, as one that is being written does,
	// which is no news to a query.
	living bool
	// lossy: the records do not fit the archive's own version, and a copy must be
	// told that they may be rounded.
	lossy bool
}

const (
	version1 = ".0: offset 8: label record: version: 1: unsupported archive version"
	torn     = ": file ends inside a record"
)

var (
	good       = outcome{}
	suspicious = outcome{check: exitFindings} // can be read
	old        = outcome{read: exitFailed, check: exitFindings, say: version1}
)

// cut is an archive that can be read up to where a volume ends.
func cut(say string) outcome {
	return outcome{read: exitSkipped, check: exitFindings, say: say, living: strings.Contains(say, torn)}
}

// refused is an archive that cannot be read, but for salvage.
func refused(salvaged int, say string) outcome {
	return outcome{read: exitFailed, check: exitFindings, say: say, salvaged: salvaged}
}

// nothing is an archive of which no record can be read, but for salvage.
func nothing(salvaged int, say string) outcome {
	o := cut(say)
	o.salvaged, o.empty = salvaged, true
	return o
}

// badArchives has the archives of format.md, section 10, those that the corpus
// lacks included: who has all of them can run them all.
var badArchives = map[string]outcome{
	"541380": old, "951127.23.01": old, "960624.08.17": old, "ace": old, "babylon.percpu": old, "babylon.pmview": old,
	"bigace": old, "bozo.client": old, "bug": old, "err_v1": old,
	"20180608.04.23-01":         suspicious,
	"20230506.20.02-01":         suspicious,
	"archive-20141125-000009":   suspicious,
	"archive-20150417.131733":   cut(".0: offset 432512: record: length 0: value out of range"),
	"badlabel-0":                good,
	"badlabel-1":                refused(9, ".meta: offset 8: label record: magic number: 0xdeadbe02: not a PCP archive"),
	"badlabel-2":                refused(9, ".index: offset 8: label record: version: 0: unsupported archive version"),
	"badlen-0":                  good,
	"badlen-1":                  nothing(1, ".0: offset 132: record: "),
	"badlen-2":                  nothing(0, ".0: offset 132: record: length 128"+torn),
	"badlen-3":                  nothing(0, ".0: offset 132: record: length 128"+torn),
	"badlen-4":                  refused(0, ".0: offset 0: "),
	"badlen-5":                  refused(0, ".0: offset 0: "),
	"badlen-6":                  refused(9, ".0: offset 0: record: 64 before, 0 after: record length and its trailer differ"),
	"badlen-7":                  refused(9, ".0: offset 0: record: 132 before, 64 after: record length and its trailer differ"),
	"badlen-8":                  refused(9, ".0: offset 8: label record: version: 255: unsupported archive version"),
	"badlen-9":                  {read: exitSkipped, check: exitFindings, say: ".meta: offset ", living: true},
	"badlen-10":                 refused(0, ".0: offset 0: "),
	"badlen-11":                 {read: exitSkipped, check: exitFindings, say: ".0: offset 132: record: length" + torn, empty: true, crumb: true, living: true},
	"badlog-1":                  cut(".0: offset 496: record: length 212" + torn),
	"badlog-2":                  suspicious,
	"badlog-3":                  {check: exitFindings, backwards: true},
	"badlog-4":                  suspicious,
	"badmeta-1":                 suspicious,
	"badmeta-2":                 suspicious,
	"badmeta-3":                 refused(9, ".meta: offset "),
	"badmeta-4":                 refused(9, ".meta: offset 565: indom record: instance: -1: value out of range"),
	"badmeta-5":                 refused(9, ".meta: offset 573: indom record: name offset: 76: value out of range"),
	"badmeta-6":                 {check: exitFindings, say: ".meta: offset 6798: time 1646196771.599628420 has a fraction finer than v2 stores", lossy: true},
	"badmeta-7":                 suspicious,
	"badmeta-8":                 suspicious,
	"badti-1":                   suspicious,
	"badti-2":                   suspicious,
	"badti-3":                   suspicious,
	"badti-4":                   {check: exitFindings, astray: true},
	"bozo-vm-disk":              good,
	"bozo.client_v2.meta.bad.1": refused(1, ".meta: offset "),
	"bozo.client_v2.meta.bad.2": refused(1, ".meta: offset "),
	"corrupted_labelset":        refused(1, ".meta: offset "),
	"empty":                     refused(0, ".0: offset 0: label record: empty file: no data"),
	"logsummary-bug":            suspicious,
	"ok-truncbin":               {read: exitSkipped, check: exitFindings, say: ".0: offset ", living: true},
	"old611":                    good,
}
