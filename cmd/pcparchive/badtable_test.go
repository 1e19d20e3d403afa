package main

import "strings"

// outcome is what becomes of a bad archive.
type outcome struct {
	read  int    // exit status of what reads the values
	check int    // of check
	say   string // what standard error names when that is not 0: file, offset, reason
	// opened: the damage is met when the archive is opened, thus by every command.
	opened bool
	// empty: what can be read precedes the first record.
	empty bool
	// crumb: the volume ends in less than a length, which a listing, like the
	// reference's, takes for its end.
	crumb bool
	// dated: a record's time is damaged, which a listing of all that is stored does not judge.
	dated bool
	// living: the volume ends inside a record, as one that is being written does,
	// which is no news to a query.
	living bool
	// lossy: the records do not fit the archive's own version, and a copy must be
	// told that they may be rounded.
	lossy bool
}

const (
	version1 = ".0: offset 7: label record: version: 1: unsupported archive version"
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

// refused is an archive that cannot be read.
func refused(say string) outcome {
	return outcome{read: exitFailed, check: exitFindings, say: say}
}

// nothing is an archive of which no record can be read.
func nothing(say string) outcome {
	o := cut(say)
	o.empty = true
	return o
}

// unindexed is an archive whose index is named and not used.
func unindexed(say string) outcome {
	return outcome{read: exitSkipped, check: exitFindings, say: ".index: offset " + say, opened: true}
}

// mended is an archive of which all is read but what is damaged, which is known
// once it is opened.
func mended(say string) outcome {
	return outcome{read: exitSkipped, check: exitFindings, say: say, opened: true}
}

// badArchives has the archives of format.md, section 10, those that the corpus
// lacks included: who has all of them can run them all.
var badArchives = map[string]outcome{
	"541380": old, "951127.23.01": old, "960624.08.17": old, "ace": old, "babylon.percpu": old, "babylon.pmview": old,
	"bigace": old, "bozo.client": old, "bug": old, "err_v1": old,
	"20180608.04.23-01":         unindexed("152: "),
	"20230506.20.02-01":         suspicious,
	"archive-20141125-000009":   suspicious,
	"archive-20150417.131733":   mended(".0: offset 432512: record: length 0: value out of range"),
	"badlabel-0":                good,
	"badlabel-1":                mended(".meta: offset 4: label record: magic number: 0xdeadbe02: not a PCP archive"),
	"badlabel-2":                unindexed("7: label record: version: 0: unsupported archive version"),
	"badlen-0":                  good,
	"badlen-1":                  cut(".0: offset 132: record: "),
	"badlen-2":                  nothing(".0: offset 132: record: length 128" + torn),
	"badlen-3":                  nothing(".0: offset 132: record: length 128" + torn),
	"badlen-4":                  refused(".0: offset 0: "),
	"badlen-5":                  refused(".0: offset 0: "),
	"badlen-6":                  mended(".0: offset 0: record: 64 before, 0 after: record length and its trailer differ"),
	"badlen-7":                  mended(".0: offset 0: record: 132 before, 64 after: record length and its trailer differ"),
	"badlen-8":                  mended(".0: offset 7: label record: version: 255: unsupported archive version"),
	"badlen-9":                  {read: exitSkipped, check: exitFindings, say: ".meta: offset ", living: true},
	"badlen-10":                 refused(".0: offset 0: "),
	"badlen-11":                 {read: exitSkipped, check: exitFindings, say: ".0: offset 132: record: length" + torn, empty: true, crumb: true, living: true},
	"badlog-1":                  cut(".0: offset 496: record: length 212" + torn),
	"badlog-2":                  suspicious,
	"badlog-3":                  {read: exitSkipped, check: exitFindings, say: ".0: offset ", dated: true},
	"badlog-4":                  suspicious,
	"badmeta-1":                 suspicious,
	"badmeta-2":                 suspicious,
	"badmeta-3":                 mended(".meta: offset "),
	"badmeta-4":                 mended(".meta: offset 561: indom record: instance: -1: value out of range"),
	"badmeta-5":                 mended(".meta: offset 569: indom record: name offset: 76: value out of range"),
	"badmeta-6":                 {check: exitFindings, say: ".meta: offset 6798: time 1646196771.599628420 has a fraction finer than v2 stores", lossy: true},
	"badmeta-7":                 suspicious,
	"badmeta-8":                 suspicious,
	"badti-1":                   suspicious,
	"badti-2":                   unindexed("132: "),
	"badti-3":                   suspicious,
	"badti-4":                   unindexed("132: "),
	"bozo-vm-disk":              good,
	"bozo.client_v2.meta.bad.1": mended(".meta: offset "),
	"bozo.client_v2.meta.bad.2": mended(".meta: offset "),
	"corrupted_labelset":        mended(".meta: offset "),
	"empty":                     refused(".0: offset 0: label record: empty file: no data"),
	"logsummary-bug":            suspicious,
	"ok-truncbin":               {read: exitSkipped, check: exitFindings, say: ".0: offset ", living: true},
	"old611":                    good,
}
