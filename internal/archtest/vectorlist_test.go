package archtest

import (
	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

// vectorSpec specifies a vector: a record encoded by this module and,
// optionally, one defect.
type vectorSpec struct {
	name    string
	why     string     // why it exists and what a reader must do
	folder  string     // v2, v3 or both; empty: one vector for each version
	file    pcp.Kind   // KindDesc: the metadata, KindResult: a volume, KindIndex; KindNone: an event array
	event   pcp.Type   // type of the event array
	after   []string   // vectors of the same folder that precede it in its file
	last    bool       // no record can follow it in its file
	record  func() any // an archive.Record, or the []history.EventRecord of an array
	defect  func(f *fields)
	err     error  // expected error of a reader; nil if it accepts the record
	frames  error  // expected error of a reader of frames, if it differs
	writer  string // what a writer does with the record: "other bytes", "refuses"; empty: same bytes
	foreign bool   // encoded in the layout of the other version
	drops   bool   // readers skip the record silently
	all     bool   // readers reject the whole archive
	warns   error  // expected warning of a reader that yields the record but does not use it
	noStep  bool   // the joined view does not contain the record
	// reference says how PCP treats the record if it differs: "accepts",
	// "refuses", or that it varies with the release or the contents of memory.
	reference string
}

// set returns a defect that replaces a field.
func set(name, hex string) func(*fields) { return func(f *fields) { f.set(name, hex) } }

// cut returns a defect that ends the file so many bytes into a field.
func cut(name string, n int) func(*fields) { return func(f *fields) { f.cut(name, n) } }

// The files to which vectors belong.
const (
	inMeta   = pcp.KindDesc
	inVolume = pcp.KindResult
	inIndex  = pcp.KindIndex
	inLabel  = pcp.KindHeader
	inBlock  = pcp.KindNone
)

var vectorSpecs = [][]vectorSpec{dataVectors, dataDefects, eventVectors, metaVectors, metaDefects, frameDefects, indexVectors, labelVectors}

var dataVectors = []vectorSpec{
	{name: "result", folder: "v3", file: inVolume, record: resultOf(wordSet(), longSet(), stringSet()),
		why: "A result with a number in place, a 64-bit number and two strings. Blocks stand behind all value sets; a value refers to its block by a count of words from eight bytes before the record."},
	{name: "result", folder: "v2", file: inVolume, record: resultOf(wordSet()),
		why: "A result with a number in place. Version 2 stores microseconds, so the time is 8 bytes."},
	{name: "result-blocks", folder: "v2", file: inVolume, record: resultOf(longSet(), stringSet()),
		why: "Values in blocks. A reference to a block counts words as in version 3, though the time before the value sets is shorter."},
	{name: "result-error", file: inVolume, record: resultOf(archive.ValueSet{PMID: metricID(1), Err: pcp.ErrnoValue}, archive.ValueSet{PMID: metricID(2)}),
		why: "A negative number of values is an error code, and 0 says that there are no values. Neither is followed by a format."},
	{name: "events", file: inVolume, record: resultOf(eventSet(4, pcp.TypeEvent, eventRecords)),
		why: "A value that is an event array, with a record that says how many events were missed."},
	{name: "events-highres", file: inVolume, record: resultOf(eventSet(5, pcp.TypeHighResEvent, highResRecords)),
		why: "A value that is a high-resolution event array. Its times have 64 bits, high word first, unlike all other times of version 3."},
	{name: "aggregates", file: inVolume, record: resultOf(
		archive.ValueSet{PMID: metricID(6), Format: archive.Block, Values: []history.Value{{Inst: pcp.InstNull, Type: pcp.TypeAggregate, Data: []byte{1, 2, 3, 4, 5}}}},
		archive.ValueSet{PMID: metricID(7), Format: archive.Static, Values: []history.Value{{Inst: pcp.InstNull, Type: pcp.TypeAggregateStatic, Data: []byte("ab")}}}),
		why: "Aggregates are bytes of any content. A static aggregate has format 2, which a reader treats as format 1."},
	{name: "mark", file: inVolume, record: mark,
		why: "A result without metrics is a mark: nothing may be interpolated across it."},
	{name: "format-static", file: inVolume, record: resultOf(stringSet()), defect: set("format 1", "00000002"),
		why: "Strings with the format of static blocks. A reader treats formats 1 and 2 alike and keeps the number."},
	{name: "block-order", file: inVolume, record: resultOf(stringSet()), writer: "other bytes",
		defect: func(f *fields) {
			one, two := f.find("block of 1.1"), f.find("block of 1.2")
			(*f)[one].raw, (*f)[two].raw = (*f)[two].raw, (*f)[one].raw
			(*f)[one].wrong, (*f)[two].wrong = true, true
		},
		why: "The first value refers to the second block and the second value to the first. A reader accepts any order as long as the blocks fill the record; a writer stores them in the order of the values."},
	{name: "padding", file: inVolume, record: resultOf(stringSet()), defect: set("padding 1.1", "00"), writer: "other bytes",
		why: "Blocks are padded to whole words with anything; writers use a tilde. A reader ignores padding."},
	{name: "metric-twice", file: inVolume, record: resultOf(wordSet(), wordSet()),
		why: "One metric stands twice in a record. Nothing forbids it, and a reader keeps both."},
	{name: "unknown-metric", file: inVolume, noStep: true, record: resultOf(archive.ValueSet{PMID: metricID(99), Values: []history.Value{history.WordValue(pcp.InstNull, 14)}}),
		why: "A value of a metric that no descriptor describes. A reader keeps it in the record and leaves it out of steps; the reference lists it without a name."},
	{name: "unknown-instance", file: inVolume, record: resultOf(archive.ValueSet{PMID: metricID(3), Format: archive.Block, Values: []history.Value{history.StringValue(9, "x")}}),
		why: "A value of an instance that the instance domain does not have. A reader yields it with an instance without a name."},
	{name: "singular-twice", file: inVolume, record: resultOf(archive.ValueSet{PMID: metricID(1), Values: []history.Value{history.WordValue(pcp.InstNull, 14), history.WordValue(pcp.InstNull, 15)}}),
		why: "Two values of a metric without instances. Nothing forbids it, and a reader keeps both."},
	{name: "long-in-place", file: inVolume, record: resultOf(archive.ValueSet{PMID: metricID(2), Values: []history.Value{history.WordValue(pcp.InstNull, 200)}}),
		why: "A 64-bit metric whose value stands in place. The record is whole; a reader yields it and must not take the word for a 64-bit number."},
	{name: "word-in-block", file: inVolume, record: resultOf(archive.ValueSet{PMID: metricID(1), Format: archive.Block, Values: []history.Value{history.NumberValue(pcp.InstNull, pcp.TypeU32, 14)}}),
		why: "A 32-bit metric whose value stands in a block. The reference cannot extract it. A reader yields its bytes."},
	{name: "block-other-type", file: inVolume, record: resultOf(archive.ValueSet{PMID: metricID(2), Format: archive.Block, Values: []history.Value{history.StringValue(pcp.InstNull, "x")}}),
		why: "A string where the descriptor says u64. A reader yields what the block says and no number."},
	{name: "string-empty", file: inVolume, record: resultOf(archive.ValueSet{PMID: metricID(3), Format: archive.Block, Values: []history.Value{{Inst: 1, Type: pcp.TypeString, Data: []byte{}}}}),
		why: "A string of length 4, which has not even a NUL. A reader takes it for the empty string."},
	{name: "time-fraction", file: inVolume, record: resultOf(wordSet()), defect: func(f *fields) {
		i := f.find("time")
		raw := (*f)[i].raw
		copy(raw[len(raw)-4:], map[int][]byte{8: {0, 0x0f, 0x42, 0x40}, 12: {0x3b, 0x9a, 0xca, 0}}[len(raw)])
		(*f)[i].wrong = true
	},
		why: "A fraction of a whole second. The reference's arithmetic has made such times. A reader yields the record where it stands."},
	{name: "time-backwards", file: inVolume, record: resultOf(wordSet()), defect: func(f *fields) {
		i := f.find("time")
		(*f)[i].raw[3]--
		(*f)[i].raw[2] -= 0xf1
		(*f)[i].wrong = true
	},
		why: "A record that is older than the one before it and than the archive's start. A reader yields it where it stands; the reference passes over it."},
	{name: "string-open", file: inVolume, record: resultOf(stringSet()),
		defect: func(f *fields) {
			f.set("block 1.2", "06000005")
			f.set("content 1.2", "78")
			f.set("padding 1.2", "7e7e7e")
		},
		why: "A string without its NUL. A reader takes the block's length."},
}

var dataDefects = []vectorSpec{
	{name: "metrics-negative", file: inVolume, record: resultOf(wordSet()), defect: set("number of metrics", "ffffffff"), err: pcp.ErrRange,
		why: "A negative number of metrics. A reader refuses the record."},
	{name: "metrics-beyond", file: inVolume, record: resultOf(wordSet()), defect: set("number of metrics", "7fffffff"), err: pcp.ErrRange,
		why: "More metrics than the record can hold. A reader compares a count with the bytes that are left before it makes room for it."},
	{name: "values-beyond", file: inVolume, record: resultOf(wordSet()), defect: set("number of values 1", "7fffffff"), err: pcp.ErrRange,
		why: "More values than the record can hold. A reader compares the count with the bytes that are left."},
	{name: "format-unknown", file: inVolume, record: resultOf(wordSet()), defect: set("format 1", "00000003"), err: pcp.ErrRange,
		why: "A format that does not exist. A reader cannot tell what the values are and refuses the record."},
	{name: "block-before", file: inVolume, record: resultOf(longSet()), defect: set("block of 1.1", "00000003"), err: pcp.ErrRange,
		why: "A reference that points before the end of the value sets. A reader refuses the record."},
	{name: "block-beyond", file: inVolume, record: resultOf(longSet()), defect: set("block of 1.1", "7fffffff"), err: pcp.ErrRange,
		why: "A reference that points beyond the record. A reader refuses the record."},
	{name: "block-overflow", file: inVolume, record: resultOf(longSet()), defect: set("block of 1.1", "ffffffff"), err: pcp.ErrRange,
		why: "A reference whose count of bytes does not fit into 32 bits. A reader must not let the multiplication wrap."},
	{name: "block-long", file: inVolume, record: resultOf(longSet()), defect: set("block 1.1", "03ffffff"), err: pcp.ErrTruncated,
		why: "A block that claims to end beyond the record. A reader refuses the record."},
	{name: "block-short", file: inVolume, record: resultOf(longSet()), defect: set("block 1.1", "03000003"), err: pcp.ErrTruncated,
		why: "A block shorter than its own first word. A reader refuses the record, and does not subtract 4 from the length first."},
	{name: "block-shared", file: inVolume, record: resultOf(stringSet()), err: pcp.ErrLayout, reference: "varies",
		defect: func(f *fields) {
			(*f).set("block of 1.2", "00000000")
			(*f)[f.find("block of 1.2")].raw = (*f)[f.find("block of 1.1")].raw
		},
		why: "Two values refer to one block, so the other block belongs to no value. A reader refuses the record, as release 7.2 of the reference does; release 6.0.3 reads it."},
	{name: "block-gap", file: inVolume, record: resultOf(longSet()), err: pcp.ErrLayout,
		defect: func(f *fields) {
			f.insert("block 1.1", "gap", "00000000")
			ref := &(*f)[f.find("block of 1.1")]
			ref.raw = []byte{0, 0, 0, ref.raw[3] + 1}
		},
		why: "A word between the value sets and the first block. Value sets and blocks must fill the record."},
	{name: "block-rest", file: inVolume, record: resultOf(longSet()), err: pcp.ErrLayout,
		defect: func(f *fields) { f.insert("trailer", "rest", "00000000") },
		why:    "A word behind the last block. Value sets and blocks must fill the record."},
	{name: "values-rest", file: inVolume, record: resultOf(wordSet()), err: pcp.ErrLayout,
		defect: func(f *fields) { f.insert("trailer", "rest", "00000000") },
		why:    "A word behind the last value set of a record without blocks. Value sets must fill the record."},
	{name: "mark-rest", file: inVolume, record: mark, err: pcp.ErrLayout,
		defect: func(f *fields) { f.insert("trailer", "rest", "00000000") },
		why:    "A mark with a further word. A reader refuses it: a mark has one length."},
	{name: "unaligned", file: inVolume, record: resultOf(wordSet()), err: pcp.ErrLayout,
		defect: func(f *fields) { f.insert("trailer", "rest", "0000") },
		why:    "A data record whose length is no multiple of 4. A reader refuses it."},
	{name: "short", file: inVolume, record: mark, err: pcp.ErrTruncated,
		defect: func(f *fields) { f.remove("number of metrics"); (*f)[1].wrong = true },
		why:    "A data record that ends after its time. A reader refuses it."},
}

var eventVectors = []vectorSpec{
	{name: "event-records", folder: "both", file: inBlock, event: pcp.TypeEvent, record: events,
		why: "The content of an event array: an event with a string, a record that says that 7 events were missed, and an event with a number. Strings of parameters have no NUL."},
	{name: "event-records-highres", folder: "both", file: inBlock, event: pcp.TypeHighResEvent, record: highResEvents,
		why: "The content of a high-resolution event array. Seconds and nanoseconds have 64 bits, high word first. The number of missed events is kept; the reference's tools lose it."},
	{name: "event-padding", folder: "both", file: inBlock, event: pcp.TypeEvent, record: events, defect: set("parameter padding 1.1", "ff"), writer: "other bytes",
		why: "Parameters are padded with anything. A reader ignores it."},
	{name: "event-count-negative", folder: "both", file: inBlock, event: pcp.TypeEvent, record: events, defect: set("number of events", "ffffffff"), err: pcp.ErrRange,
		why: "A negative number of events. A reader refuses the array and keeps its bytes."},
	{name: "event-count-beyond", folder: "both", file: inBlock, event: pcp.TypeEvent, record: events, defect: set("number of events", "7fffffff"), err: pcp.ErrRange,
		why: "More events than the array can hold. A reader makes no room for them."},
	{name: "event-parameters-beyond", folder: "both", file: inBlock, event: pcp.TypeEvent, record: events, defect: set("number of parameters 3", "7fffffff"), err: pcp.ErrRange,
		why: "More parameters than the array can hold. A reader makes no room for them and reports the events before."},
	{name: "event-parameter-long", folder: "both", file: inBlock, event: pcp.TypeEvent, record: events, defect: set("parameter block 3.1", "01ffffff"), err: pcp.ErrTruncated,
		why: "A parameter that claims to end beyond the array. A reader refuses it."},
	{name: "event-parameter-short", folder: "both", file: inBlock, event: pcp.TypeEvent, record: events, defect: set("parameter block 1.1", "06000003"), err: pcp.ErrTruncated,
		why: "A parameter shorter than its own first word. A reader refuses it."},
	{name: "event-missed-flags", folder: "both", file: inBlock, event: pcp.TypeEvent, record: events, defect: set("flags of event 2", "80000001"), err: pcp.ErrRange, reference: "accepts",
		why: "The flag for missed events together with another one. A reader cannot tell a count of events from one of parameters, and refuses the array; the reference ignores the other flag and warns."},
}
