package archtest

import (
	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// vectorSpec makes one vector: a record from this module's encoders and, perhaps,
// one defect.
type vectorSpec struct {
	name    string
	why     string     // why it exists and what a reader must do
	folder  string     // v2, v3 or both; empty: one vector for each version
	file    pcp.Kind   // KindDesc: the metadata, KindResult: a volume, KindIndex; KindNone: an event array
	event   pcp.Type   // of the event array
	after   []string   // vectors of the same folder that stand before it in its file
	last    bool       // nothing can follow it in its file
	record  func() any // an archive.Record, or the []history.EventRecord of an array
	defect  func(f *fields)
	err     error  // how a reader refuses it; nil: it accepts it
	frames  error  // how a reader of frames refuses it, if it says something else
	writer  string // other bytes: a writer stores the record so; refuses: it does not store it; empty: same bytes
	foreign bool   // encoded as the other version does
	drops   bool   // a reader passes over it without an error
	all     bool   // it refuses the archive, not only the record
	warns   error  // a reader yields it and uses it for nothing else
	noStep  bool   // the joined view has nothing of it
	// reference is what the reference does, if it is not the same: accepts,
	// refuses, or varies with its release or what is in its memory.
	reference string
}

func stampAt(sec int64, nsec int32) pcp.Timestamp {
	return pcp.Timestamp{Sec: 0x6553f100 + sec, Nsec: nsec}
}

func metricID(item uint32) pcp.PMID { return pcp.NewPMID(245, 0, item) }

var vectorDomain = pcp.NewInDomID(245, 1)

// vectorMetrics are described in the archive of every vector.
var vectorMetrics = []*meta.Desc{
	{PMID: metricID(1), Type: pcp.TypeU32, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{"x.word"}},
	{PMID: metricID(2), Type: pcp.TypeU64, InDom: pcp.InDomNull, Sem: pcp.SemCounter, Units: pcp.Units{DimCount: 1}, Names: []string{"x.two"}},
	{PMID: metricID(3), Type: pcp.TypeString, InDom: vectorDomain, Sem: pcp.SemInstant, Names: []string{"x.string"}},
	{PMID: metricID(4), Type: pcp.TypeEvent, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{"x.events"}},
	{PMID: metricID(5), Type: pcp.TypeHighResEvent, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{"x.precise"}},
	{PMID: metricID(6), Type: pcp.TypeAggregate, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{"x.aggregate"}},
	{PMID: metricID(7), Type: pcp.TypeAggregateStatic, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{"x.static"}},
	{PMID: pcp.NewPMID(245, 1, 1), Type: pcp.TypeString, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{"x.param.string"}},
	{PMID: pcp.NewPMID(245, 1, 2), Type: pcp.TypeU32, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{"x.param.word"}},
	{PMID: pcp.NewPMID(245, 1, 3), Type: pcp.TypeU64, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{"x.param.long"}},
}

// vectorInDom names the instances of x.string in the archive of every vector.
var vectorInDom = &meta.InDom{Stamp: stampAt(0, 0), ID: vectorDomain, Instances: []meta.Instance{{ID: 1, Name: "a"}, {ID: 2, Name: "b b"}}}

// word makes a value set of one number that stands in the set itself.
func wordSet() archive.ValueSet {
	return archive.ValueSet{PMID: metricID(1), Values: []history.Value{history.WordValue(pcp.InstNull, 14)}}
}

func longSet() archive.ValueSet {
	return archive.ValueSet{PMID: metricID(2), Format: archive.Block, Values: []history.Value{history.NumberValue(pcp.InstNull, pcp.TypeU64, 200)}}
}

func stringSet() archive.ValueSet {
	return archive.ValueSet{PMID: metricID(3), Format: archive.Block, Values: []history.Value{history.StringValue(1, "hello2"), history.StringValue(2, "x")}}
}

// resultOf returns what makes a result of value sets.
func resultOf(sets ...archive.ValueSet) func() any {
	return func() any { return &archive.Result{Stamp: stampAt(2, 2000), Sets: sets} }
}

func textParam(s string) []history.EventParam {
	return []history.EventParam{{PMID: pcp.NewPMID(245, 1, 1), Value: history.Value{Inst: pcp.InstNull, Type: pcp.TypeString, Data: []byte(s)}}}
}

func numberParam(item uint32, t pcp.Type, n uint64) []history.EventParam {
	return []history.EventParam{{PMID: pcp.NewPMID(245, 1, item), Value: history.Value{Inst: pcp.InstNull, Type: t, Bits: n}}}
}

var (
	eventRecords = []history.EventRecord{
		{Stamp: stampAt(0, 5000), Flags: history.EventPoint, Params: textParam("abc")},
		{Stamp: stampAt(1, 5000), Flags: history.EventMissed, Missed: 7},
		{Stamp: stampAt(2, 5000), Flags: history.EventPoint, Params: numberParam(2, pcp.TypeU32, 42)},
	}
	highResRecords = []history.EventRecord{
		{Stamp: stampAt(0, 5), Flags: history.EventPoint, Params: numberParam(3, pcp.TypeU64, 1<<32)},
		{Stamp: stampAt(1, 5), Flags: history.EventMissed, Missed: 2},
	}
)

func events() any        { return eventRecords }
func highResEvents() any { return highResRecords }

// eventSet makes a value set of an event array.
func eventSet(item uint32, t pcp.Type, records []history.EventRecord) archive.ValueSet {
	v, err := history.EventValue(pcp.InstNull, t, records)
	if err != nil {
		panic(err)
	}
	return archive.ValueSet{PMID: metricID(item), Format: archive.Static, Values: []history.Value{v}}
}

func desc() any { return vectorMetrics[1] }

func indomRecord() any {
	return &meta.InDom{Stamp: stampAt(1, 0), ID: vectorDomain, Instances: []meta.Instance{{ID: 2, Name: "b b"}, {ID: 1, Name: "a"}}}
}

func deltaRecord() any {
	return &meta.InDomDelta{Stamp: stampAt(2, 0), ID: vectorDomain, Changes: []meta.Change{
		{Instance: meta.Instance{ID: 1}, Remove: true}, {Instance: meta.Instance{ID: 3, Name: "c"}},
	}}
}

func labelsRecord() any {
	set, err := labelset.Parse(`{"a":1}`, labelset.Context)
	if err != nil {
		panic(err)
	}
	return &meta.Labels{Stamp: stampAt(0, 0), Level: labelset.Context, Ident: meta.ContextIdent, Sets: []labelset.Instance{{Inst: pcp.InstNull, Set: set}}}
}

func labelsError() any {
	return &meta.Labels{Stamp: stampAt(0, 0), Level: labelset.Item, Ident: uint32(metricID(1)), Sets: []labelset.Instance{{Inst: pcp.InstNull, Err: pcp.ErrnoValue}}}
}

func textOf(s string) func() any {
	return func() any {
		return &meta.Text{Type: meta.TextPMID | meta.TextOneLine, Ident: uint32(metricID(1)), Text: s}
	}
}

func indexEntry() any {
	return &archive.IndexEntry{Stamp: stampAt(5, 5000), Meta: 0x3e5, Data: 0x594}
}

func mark() any { return &archive.Mark{Stamp: stampAt(5, 6000000)} }

func nameless() any {
	d := *vectorMetrics[1]
	d.PMID, d.Names = metricID(9), nil
	return &d
}

// set returns a defect that replaces a field.
func set(name, hex string) func(*fields) { return func(f *fields) { f.set(name, hex) } }

// cut returns a defect that ends the file so many bytes into a field.
func cut(name string, n int) func(*fields) { return func(f *fields) { f.cut(name, n) } }

// Files that a vector stands in.
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

func label() any {
	return &archive.Header{PID: 4711, Start: stampAt(0, 0), Host: "vector.example", Zone: "UTC"}
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
