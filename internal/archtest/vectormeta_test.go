package archtest

import (
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

var metaVectors = []vectorSpec{
	{name: "desc", folder: "both", file: inMeta, record: desc,
		why: "A descriptor with one name, which is neither terminated nor padded. It has no time, so versions 2 and 3 store the same bytes."},
	{name: "desc-nameless", folder: "both", file: inMeta, record: nameless,
		why: "A descriptor without a name. A reader accepts it, and its values have no name."},
	{name: "indom", file: inMeta, record: indomRecord,
		why: "An instance domain. Instances may stand in any order; offsets count from the first name, and each name ends in a NUL."},
	{name: "indom-shared-name", file: inMeta, record: indomRecord, defect: set("name offset 2", "00000002"), writer: "other bytes",
		why: "The second name is the end of the first one: names may overlap. A reader accepts it."},
	{name: "indom-empty", file: inMeta, record: func() any { return &meta.InDom{Stamp: stampAt(1, 0), ID: vectorDomain} },
		why: "An instance domain without instances. It has no effect: the instances before it stay."},
	{name: "indom-twice", file: inMeta, record: indomRecord, defect: set("instance 2", "00000002"),
		why: "One instance twice, with two names. Readers and the reference accept it."},
	{name: "indom-other-version", file: inMeta, record: indomRecord, foreign: true, writer: "other bytes",
		why: "An instance domain as the other version stores it. The record type says which, so a reader accepts it, as the reference does."},
	{name: "desc-unsupported", folder: "both", file: inMeta, record: func() any {
		return &meta.Desc{PMID: metricID(9), Type: pcp.TypeNoSupport, InDom: pcp.InDomNull, Names: []string{"x.none"}}
	},
		why: "A metric of type -1: the agent does not support it. Its semantics are 0. It is common and no damage."},
	{name: "desc-again", folder: "both", file: inMeta, record: func() any {
		d := *vectorMetrics[1]
		d.Names = []string{"x.also"}
		return &d
	},
		why: "A metric that is described a second time, alike but for the name. A reader adds the name."},
	{name: "desc-name-taken", folder: "both", file: inMeta, record: func() any {
		d := *vectorMetrics[1]
		d.PMID = metricID(9)
		return &d
	},
		why: "A second metric of one name. The name stays with the first; the second has none."},
	{name: "delta", folder: "v3", file: inMeta, after: []string{"indom"}, record: deltaRecord,
		why: "A difference to the instance domain before it: instance 1 is removed, 3 is added. Only version 3 has it."},
	{name: "delta-unknown", folder: "v3", file: inMeta, after: []string{"indom"}, record: deltaRecord, reference: "varies", defect: set("instance 1", "00000009"),
		why: "A difference that removes an instance which the domain does not have. A reader passes over that removal. Release 6.0.3 of the reference writes past its memory and may crash."},
	{name: "labels", file: inMeta, record: labelsRecord,
		why: "A label set: its JSON, and for each label where its name and value stand in it. There is no pool of strings, whatever LOGARCHIVE(5) says."},
	{name: "labels-error", file: inMeta, record: labelsError,
		why: "A negative number of labels is an error code: the labels could not be had."},
	{name: "labels-slice", file: inMeta, record: labelsRecord, defect: set("value offset 1.1", "0fff"),
		why: "A label whose value lies beyond the JSON. A reader takes labels from the JSON, keeps the wrong offset for copies, and reads no byte outside."},
	{name: "labels-not-json", file: inMeta, record: labelsRecord, defect: set("JSON 1", "7b 22 61 22 3a 31 31"),
		why: "JSON that does not end. A reader takes those labels whose offsets lie inside the text."},
	{name: "labels-level", file: inMeta, record: labelsRecord, defect: set("level", "00000040"),
		why: "Labels of a level that does not exist. A reader keeps the record and attaches it to nothing."},
	{name: "labels-none", file: inMeta, record: func() any {
		return &meta.Labels{Stamp: stampAt(0, 0), Level: labelset.Item, Ident: uint32(metricID(1)), Sets: []labelset.Instance{{Inst: pcp.InstNull}}}
	},
		why: "A label set without labels: no JSON and a count of 0. It replaces the labels before it by none."},
	{name: "text", folder: "both", file: inMeta, record: textOf("hi"),
		why: "A help text, which ends in a NUL. It has no time, so versions 2 and 3 store the same bytes."},
	{name: "text-empty", folder: "both", file: inMeta, record: textOf(""),
		why: "A help text of no characters. A reader accepts it."},
	{name: "text-open", folder: "both", file: inMeta, record: textOf("hi"), defect: set("text", "6869"), writer: "other bytes",
		why: "A help text without its NUL. A reader takes all bytes of the record."},
	{name: "text-type", folder: "both", file: inMeta, record: textOf("hi"), defect: set("text type", "00000010"), reference: "refuses",
		why: "A help text of a type that says neither its length nor its subject. A reader keeps it; the reference passes over all but its trailer and so loses the record behind it."},
}

var metaDefects = []vectorSpec{
	{name: "type-0", folder: "both", file: inMeta, record: desc, defect: set("record type", "00000000"), err: pcp.ErrTag,
		why: "Metadata record types begin at 1. A reader refuses the record and reads on behind it."},
	{name: "type-8", folder: "both", file: inMeta, record: desc, defect: set("record type", "00000008"), err: pcp.ErrTag,
		why: "Metadata record types end at 7. A reader refuses the record and reads on behind it."},
	{name: "desc-names-negative", folder: "both", file: inMeta, record: desc, defect: set("number of names", "ffffffff"), err: pcp.ErrRange,
		why: "A negative number of names. A reader refuses the record."},
	{name: "desc-names-beyond", folder: "both", file: inMeta, record: desc, defect: set("number of names", "7fffffff"), err: pcp.ErrRange,
		why: "More names than the record can hold. A reader makes no room for them."},
	{name: "desc-no-names", folder: "both", file: inMeta, record: nameless, defect: func(f *fields) { f.remove("number of names"); (*f)[len(*f)-2].wrong = true }, err: pcp.ErrTruncated,
		why: "A descriptor that ends before its number of names, as the reference's writer stores one without names. The reference cannot read it either."},
	{name: "desc-name-negative", folder: "both", file: inMeta, record: desc, defect: set("name length 1", "ffffffff"), err: pcp.ErrTruncated,
		why: "A name of negative length. A reader refuses the record."},
	{name: "desc-name-long", folder: "both", file: inMeta, record: desc, defect: set("name length 1", "00001000"), err: pcp.ErrRange,
		why: "A name of 4096 bytes. A reader refuses it by its length; the reference has a buffer of that size and does not look."},
	{name: "desc-rest", folder: "both", file: inMeta, record: desc, defect: func(f *fields) { f.insert("trailer", "rest", "00") }, err: pcp.ErrLayout,
		why: "A byte behind the last name. A reader refuses the record."},
	{name: "desc-conflict", folder: "both", file: inMeta, all: true, err: pcp.ErrMismatch,
		record: func() any {
			d := *vectorMetrics[1]
			d.Sem = pcp.SemInstant
			return &d
		},
		why: "A second descriptor of a metric that says something else. Values before and behind it would mean different things, so a reader refuses the archive, as the reference does."},
	{name: "indom-count-negative", file: inMeta, record: indomRecord, defect: set("number of instances", "ffffffff"), err: pcp.ErrRange, reference: "varies",
		why: "A negative number of instances. A reader refuses the record, as release 7.2 of the reference does; release 6.0.3 passes over it."},
	{name: "indom-count-beyond", file: inMeta, record: indomRecord, defect: set("number of instances", "7fffffff"), err: pcp.ErrRange,
		why: "More instances than the record can hold. A reader makes no room for them."},
	{name: "indom-instance-negative", file: inMeta, record: indomRecord, defect: set("instance 2", "ffffffff"), err: pcp.ErrRange,
		why: "A negative instance. The reference refuses the archive, and a reader here the record."},
	{name: "indom-name-beyond", file: inMeta, record: indomRecord, defect: set("name offset 2", "00000007"), err: pcp.ErrRange,
		why: "The offset of a name beyond all names. A reader reads no byte outside and refuses the record."},
	{name: "indom-removal", file: inMeta, record: indomRecord, defect: set("name offset 2", "ffffffff"), err: pcp.ErrRange,
		why: "A removal in a complete instance domain. Only a difference can have one."},
	{name: "labels-sets-negative", file: inMeta, record: labelsRecord, defect: set("number of sets", "ffffffff"), err: pcp.ErrRange,
		why: "A negative number of label sets. A reader refuses the record."},
	{name: "labels-sets-beyond", file: inMeta, record: labelsRecord, defect: set("number of sets", "7fffffff"), err: pcp.ErrRange,
		why: "More label sets than the record can hold. A reader makes no room for them."},
	{name: "labels-json-negative", file: inMeta, record: labelsRecord, defect: set("JSON length 1", "ffffffff"), err: pcp.ErrRange,
		why: "JSON of negative length. A reader refuses the record."},
	{name: "labels-json-beyond", file: inMeta, record: labelsRecord, defect: set("JSON length 1", "0000ffff"), err: pcp.ErrTruncated, reference: "varies",
		why: "JSON that ends beyond the record. A reader refuses the record; the reference does not look and takes what follows for labels."},
	{name: "labels-count-beyond", file: inMeta, record: labelsRecord, defect: set("number of labels 1", "000000ff"), err: pcp.ErrTruncated,
		why: "As many labels as a set may have, but not as many as the record holds. A reader refuses the record."},
	{name: "labels-count-limit", file: inMeta, record: labelsRecord, defect: set("number of labels 1", "00000100"), err: pcp.ErrRange,
		why: "One label more than a set may have. A reader refuses the record."},
	{name: "text-short", folder: "both", file: inMeta, record: textOf("hi"), defect: func(f *fields) { f.remove("text"); f.shorten("metric", 2) }, err: pcp.ErrTruncated, reference: "varies",
		why: "A help text that ends inside its subject. A reader refuses the record; the reference reads what happens to be in its memory."},
}

var frameDefects = []vectorSpec{
	{name: "length-0", folder: "both", file: inMeta, record: desc, defect: set("length", "00000000"), err: pcp.ErrRange,
		why: "A record of length 0, as in a file that was filled with zeros. A length counts its own 8 bytes, so a reader refuses it and must not stand still."},
	{name: "length-small", folder: "both", file: inMeta, record: desc, defect: set("length", "00000007"), err: pcp.ErrRange,
		why: "A length below 8 cannot count both length words. A reader refuses it."},
	{name: "length-negative", folder: "both", file: inMeta, record: desc, defect: set("length", "ffffffd3"), err: pcp.ErrRange,
		why: "A negative length. A reader refuses it and does not go backwards in the file."},
	{name: "length-limit", folder: "both", file: inMeta, record: desc, defect: set("length", "7fffffff"), err: pcp.ErrLimit,
		why: "A length of two gigabytes. A reader refuses it by its limit and takes no memory for it."},
	{name: "length-beyond", folder: "both", file: inMeta, record: desc, defect: set("length", "00ffffff"), last: true, err: pcp.ErrUnfinished,
		why: "A length within the limit that the file does not hold. A reader takes memory for what is there and no more."},
	{name: "length-beyond-inside", folder: "both", file: inMeta, record: desc, defect: set("length", "00ffffff"), err: pcp.ErrRange, frames: pcp.ErrUnfinished,
		why: "A length that the file does not hold, with a good record behind. What reads frames says that the file ends inside a record; a reader of archives finds the record behind, so the length is wrong and the file is not unfinished."},
	{name: "trailer", folder: "both", file: inMeta, record: desc, defect: set("trailer", "0000002e"), err: pcp.ErrTrailer,
		why: "The length after the record differs from the one before it. A reader refuses the record: either may be the wrong one."},
	{name: "trailer", file: inVolume, record: resultOf(wordSet()), defect: set("trailer", "00000000"), err: pcp.ErrTrailer,
		why: "A data record whose trailing length is 0. A reader refuses the record and reads on behind it."},
	{name: "torn-length", file: inVolume, record: resultOf(wordSet()), defect: cut("length", 2), last: true, err: pcp.ErrUnfinished, reference: "accepts",
		why: "The volume ends inside a leading length. In an archive that is being written that is ordinary, so the error says unfinished; the reference takes it for a clean end."},
	{name: "torn-record", file: inVolume, record: resultOf(wordSet()), defect: cut("number of metrics", 4), last: true, err: pcp.ErrUnfinished,
		why: "The volume ends inside a record. A reader yields what stands before it, and the error says unfinished."},
	{name: "torn-trailer", file: inVolume, record: resultOf(wordSet()), defect: cut("trailer", 3), last: true, err: pcp.ErrUnfinished,
		why: "The volume ends inside a trailing length. A reader does not accept the record, though all its values are there."},
	{name: "torn-metadata", folder: "both", file: inMeta, record: desc, defect: cut("units", 0), last: true, err: pcp.ErrUnfinished,
		why: "The metadata ends inside a record. A reader uses what stands before it; the reference refuses the archive."},
}

var indexVectors = []vectorSpec{
	{name: "index", file: inIndex, record: indexEntry,
		why: "An entry of the temporal index. It has no lengths. It points nowhere in this archive; a reader takes it for a hint and reads all the same."},
	{name: "index-unsigned", folder: "v2", file: inIndex, record: indexEntry, writer: "refuses", defect: set("metadata offset", "ffffffff"),
		why: "Offsets of version 2 are unsigned: a reader must not take them for negative. A writer ends a file before two gigabytes."},
	{name: "index-volume-negative", file: inIndex, record: indexEntry, warns: pcp.ErrRange, defect: set("volume", "ffffffff"),
		why: "An entry that names a negative volume. A reader yields it, says so, and reads without the index."},
	{name: "index-torn", file: inIndex, record: indexEntry, defect: cut("data offset", 2), last: true, drops: true,
		why: "A part of an entry at the end. A reader drops it without an error, as the reference does: an index is a hint. A check reports it."},
}

var labelVectors = []vectorSpec{
	{name: "label", file: inLabel, record: label,
		why: "The archive label of the first volume. Its texts have fields of fixed size and end in a NUL."},
	{name: "label-rest", file: inLabel, record: label, writer: "other bytes",
		defect: func(f *fields) {
			rest := &(*f)[f.find("rest of time zone")]
			rest.raw = rest.raw[3:]
			f.insert("rest of time zone", "rubbish", "6f6c64")
		},
		why: "Rubbish behind the NUL of the time zone, as old writers left it. A reader stops at the NUL."},
	{name: "label-features", folder: "v3", file: inLabel, record: label, defect: set("features", "00000001"),
		why: "A feature that nobody knows. A reader reads on, as the reference does."},
	{name: "label-magic", file: inLabel, record: label, defect: set("magic number", "deadbe"), err: pcp.ErrNotArchive,
		why: "A first record that is no archive label. The label of another file of the archive serves instead; the reference refuses the archive."},
	{name: "label-version-1", file: inLabel, record: label, defect: set("version", "01"), err: pcp.ErrVersion,
		why: "Version 1, which was given up. The files beside it are of another version, so a reader takes theirs; the reference refuses the archive."},
	{name: "label-version-other", folder: "v2", file: inLabel, record: label, defect: set("version", "03"), err: pcp.ErrLayout,
		why: "The other version with the length of this one. A reader takes neither for true; the reference refuses the archive."},
	{name: "label-version-other", folder: "v3", file: inLabel, record: label, defect: set("version", "02"), err: pcp.ErrLayout,
		why: "The other version with the length of this one. A reader takes neither for true; the reference refuses the archive."},
	{name: "label-length", file: inLabel, record: label, defect: set("length", "00000040"), err: pcp.ErrTrailer,
		why: "An archive label whose leading length is wrong. The label of another file serves instead, and its length tells where records begin; the reference refuses the archive."},
	{name: "label-trailer", file: inLabel, record: label, defect: set("trailer", "00000040"), err: pcp.ErrTrailer,
		why: "An archive label whose trailing length is wrong. The label of another file serves instead; the reference refuses the archive."},
	{name: "label-volume", file: inLabel, record: label, defect: set("volume", "00000001"), err: pcp.ErrMismatch,
		why: "A first volume that says it is the second. A reader says so and reads it; the reference refuses the archive."},
}
