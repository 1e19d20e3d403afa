package check

import (
	"slices"
	"sync"

	"github.com/pcparchive/pcparchive/finding"
)

// The codes. Their meanings are in the package's documentation and in
// [Codes].
const (
	FileMissing    finding.Code = "file-missing"
	FileUnreadable finding.Code = "file-unreadable"
	FileCompressed finding.Code = "file-compressed"
	FileEmpty      finding.Code = "file-empty"
	FileTwice      finding.Code = "file-twice"
	VolumeEmpty    finding.Code = "volume-empty"
	VolumeMissing  finding.Code = "volume-missing"

	LabelRecord   finding.Code = "label-record"
	LabelMagic    finding.Code = "label-magic"
	LabelVersion  finding.Code = "label-version"
	LabelVolume   finding.Code = "label-volume"
	LabelMismatch finding.Code = "label-mismatch"
	LabelFeatures finding.Code = "label-features"
	LabelStart    finding.Code = "label-start"
	LabelZone     finding.Code = "label-zone"

	FrameLength  finding.Code = "frame-length"
	FrameTrailer finding.Code = "frame-trailer"
	FrameTorn    finding.Code = "frame-torn"
	FrameLost    finding.Code = "frame-lost"

	IndexMissing  finding.Code = "index-missing"
	IndexTorn     finding.Code = "index-torn"
	IndexVolume   finding.Code = "index-volume"
	IndexTime     finding.Code = "index-time"
	IndexOrder    finding.Code = "index-order"
	IndexOffset   finding.Code = "index-offset"
	IndexBoundary finding.Code = "index-boundary"
	IndexStamp    finding.Code = "index-stamp"
	IndexAhead    finding.Code = "index-ahead"

	MetaRecord  finding.Code = "meta-record"
	MetaTag     finding.Code = "meta-tag"
	MetaRest    finding.Code = "meta-rest"
	MetaVersion finding.Code = "meta-version"
	MetaTime    finding.Code = "meta-time"
	MetaOrder   finding.Code = "meta-order"

	DescConflict  finding.Code = "desc-conflict"
	DescDomain    finding.Code = "desc-domain"
	DescIdent     finding.Code = "desc-ident"
	DescInDom     finding.Code = "desc-indom"
	DescName      finding.Code = "desc-name"
	DescNameTaken finding.Code = "desc-name-taken"
	DescSemantics finding.Code = "desc-semantics"
	DescType      finding.Code = "desc-type"
	DescUnits     finding.Code = "desc-units"

	InDomEmpty  finding.Code = "indom-empty"
	InDomIdent  finding.Code = "indom-ident"
	InDomRepeat finding.Code = "indom-repeat"
	InDomName   finding.Code = "indom-name"
	InDomNames  finding.Code = "indom-names"
	InDomPrefix finding.Code = "indom-prefix"
	DeltaBase   finding.Code = "delta-base"
	DeltaAdd    finding.Code = "delta-add"
	DeltaRemove finding.Code = "delta-remove"

	LabelsJSON      finding.Code = "labels-json"
	LabelsSlice     finding.Code = "labels-slice"
	LabelsDuplicate finding.Code = "labels-duplicate"
	LabelsRepeat    finding.Code = "labels-repeat"
	LabelsHidden    finding.Code = "labels-hidden"
	LabelsLevel     finding.Code = "labels-level"
	LabelsIdent     finding.Code = "labels-ident"
	LabelsInstance  finding.Code = "labels-instance"
	LabelsError     finding.Code = "labels-error"

	TextType   finding.Code = "text-type"
	TextEnd    finding.Code = "text-end"
	TextIdent  finding.Code = "text-ident"
	TextChange finding.Code = "text-change"

	DataRecord    finding.Code = "data-record"
	DataTime      finding.Code = "data-time"
	DataOrder     finding.Code = "data-order"
	DataStart     finding.Code = "data-start"
	MetricRepeat  finding.Code = "metric-repeat"
	MetricUnknown finding.Code = "metric-unknown"
	ValueError    finding.Code = "value-error"
	ValueFormat   finding.Code = "value-format"
	ValueType     finding.Code = "value-type"
	ValueInDom    finding.Code = "value-indom"
	ValueInstance finding.Code = "value-instance"
	ValueSingular finding.Code = "value-singular"
	ValueRepeat   finding.Code = "value-repeat"
	ValueString   finding.Code = "value-string"
	ValueEvents   finding.Code = "value-events"
	EventMetric   finding.Code = "event-metric"

	CounterReset   finding.Code = "counter-reset"
	CounterWrap    finding.Code = "counter-wrap"
	CoverageGap    finding.Code = "coverage-gap"
	CoverageOnce   finding.Code = "coverage-once"
	CoverageNever  finding.Code = "coverage-never"
	CoverageSeries finding.Code = "coverage-series"

	SetConflict finding.Code = "set-conflict"
	SetName     finding.Code = "set-name"
	SetRenamed  finding.Code = "set-renamed"
	SetOverlap  finding.Code = "set-overlap"
	SetSame     finding.Code = "set-same"
)

var codes = []finding.CodeInfo{
	{Code: FileMissing, Severity: finding.Error, Meaning: "the archive has no metadata file, or no data volume"},
	{Code: FileUnreadable, Severity: finding.Error, Meaning: "a file cannot be opened or read"},
	{Code: FileCompressed, Severity: finding.Error, Meaning: "the compressed form of a file is damaged"},
	{Code: FileEmpty, Severity: finding.Error, Meaning: "a file without which the archive does not open is empty or holds a label only"},
	{Code: FileTwice, Severity: finding.Warning, Meaning: "a file is there both plain and compressed, or compressed in two ways; readers differ in which they take"},
	{Code: VolumeEmpty, Severity: finding.Warning, Meaning: "a data volume after the first holds no record"},
	{Code: VolumeMissing, Severity: finding.Warning, Meaning: "the numbers of the data volumes have a hole"},

	{Code: LabelRecord, Severity: finding.Error, Meaning: "the archive label at the head of a file is damaged"},
	{Code: LabelMagic, Severity: finding.Error, Meaning: "a file does not begin as an archive's does"},
	{Code: LabelVersion, Severity: finding.Error, Meaning: "the label's format version is unknown, or differs from that of the other files"},
	{Code: LabelVolume, Severity: finding.Error, Meaning: "the label says that the file is another one of the archive"},
	{Code: LabelMismatch, Severity: finding.Error, Meaning: "host or process in the label differ from those of the other files"},
	{Code: LabelFeatures, Severity: finding.Warning, Meaning: "the label has unknown feature bits, for which old readers refuse the archive"},
	{Code: LabelStart, Severity: finding.Note, Meaning: "the start time in the label differs from that of the other files, or is impossible"},
	{Code: LabelZone, Severity: finding.Note, Meaning: "the time zone in the label differs from that of the other files"},

	{Code: FrameLength, Severity: finding.Error, Meaning: "a record's leading length is impossible"},
	{Code: FrameTrailer, Severity: finding.Error, Meaning: "the lengths before and after a record differ"},
	{Code: FrameTorn, Severity: finding.Error, Meaning: "a file ends inside a record"},
	{Code: FrameLost, Severity: finding.Error, Meaning: "no further record was found after damage; the rest of the file was not checked"},

	{Code: IndexMissing, Severity: finding.Warning, Meaning: "there is no temporal index"},
	{Code: IndexTorn, Severity: finding.Error, Meaning: "the temporal index ends inside an entry"},
	{Code: IndexVolume, Severity: finding.Warning, Meaning: "an index entry points into a volume that does not exist"},
	{Code: IndexTime, Severity: finding.Warning, Meaning: "the time of an index entry is impossible or earlier than the archive's start"},
	{Code: IndexOrder, Severity: finding.Warning, Meaning: "an index entry is earlier, or points further back, than the one before"},
	{Code: IndexOffset, Severity: finding.Warning, Meaning: "an index entry points into a label or past the end of a file"},
	{Code: IndexBoundary, Severity: finding.Warning, Meaning: "an index entry points between records"},
	{Code: IndexStamp, Severity: finding.Note, Meaning: "an index entry points at a record of another time"},
	{Code: IndexAhead, Severity: finding.Warning, Meaning: "an index entry is later than the last record, which it should point at"},

	{Code: MetaRecord, Severity: finding.Error, Meaning: "a metadata record cannot be decoded; readers refuse the archive"},
	{Code: MetaTag, Severity: finding.Error, Meaning: "a metadata record is of an unknown type; readers refuse the archive"},
	{Code: MetaRest, Severity: finding.Warning, Meaning: "a metadata record is longer than its contents, or its parts overlap"},
	{Code: MetaVersion, Severity: finding.Warning, Meaning: "a metadata record has the form of another format version"},
	{Code: MetaTime, Severity: finding.Warning, Meaning: "the time of a metadata record is impossible, before the archive's start or after its end"},
	{Code: MetaOrder, Severity: finding.Warning, Meaning: "a metadata record is earlier than one before it"},

	{Code: DescConflict, Severity: finding.Error, Meaning: "a metric is described twice, differently; readers refuse the archive"},
	{Code: DescDomain, Severity: finding.Warning, Meaning: "the domains of a metric and of its instance domain differ"},
	{Code: DescIdent, Severity: finding.Warning, Meaning: "a metric or instance domain identifier has its reserved bit set"},
	{Code: DescInDom, Severity: finding.Note, Meaning: "a metric's instance domain has no record"},
	{Code: DescName, Severity: finding.Warning, Meaning: "a metric has no name, or one that cannot be used"},
	{Code: DescNameTaken, Severity: finding.Warning, Meaning: "a metric's name is that of another metric, or of a node above or below one"},
	{Code: DescSemantics, Severity: finding.Warning, Meaning: "a metric's semantics are unknown"},
	{Code: DescType, Severity: finding.Warning, Meaning: "a metric's type is unknown"},
	{Code: DescUnits, Severity: finding.Warning, Meaning: "a metric's units have a scale without dimension, or are out of range"},

	{Code: InDomEmpty, Severity: finding.Note, Meaning: "an instance domain record without instances, which readers ignore"},
	{Code: InDomIdent, Severity: finding.Note, Meaning: "an instance domain that no metric has"},
	{Code: InDomRepeat, Severity: finding.Warning, Meaning: "an instance is in a record of its domain twice"},
	{Code: InDomName, Severity: finding.Warning, Meaning: "an instance's name is empty, or the names do not end with a NUL"},
	{Code: InDomNames, Severity: finding.Warning, Meaning: "two instances of a domain have one name"},
	{Code: InDomPrefix, Severity: finding.Note, Meaning: "two instances' names are equal up to the first blank, where tools may abbreviate them"},
	{Code: DeltaBase, Severity: finding.Warning, Meaning: "a change of an instance domain without a complete record before it"},
	{Code: DeltaAdd, Severity: finding.Warning, Meaning: "a change adds an instance that the domain has"},
	{Code: DeltaRemove, Severity: finding.Warning, Meaning: "a change removes an instance that the domain has not"},

	{Code: LabelsJSON, Severity: finding.Warning, Meaning: "the JSON of a label set is invalid"},
	{Code: LabelsSlice, Severity: finding.Warning, Meaning: "an entry of a label set does not denote a label of its JSON"},
	{Code: LabelsDuplicate, Severity: finding.Warning, Meaning: "a label set has two labels of one name"},
	{Code: LabelsRepeat, Severity: finding.Warning, Meaning: "a record has two label sets for one instance"},
	{Code: LabelsHidden, Severity: finding.Warning, Meaning: "a record of instance labels hides, or is hidden by, another one of the same time"},
	{Code: LabelsLevel, Severity: finding.Warning, Meaning: "a label record is of an unknown level, or its identifier does not suit the level"},
	{Code: LabelsIdent, Severity: finding.Note, Meaning: "labels of something that the archive does not have"},
	{Code: LabelsInstance, Severity: finding.Note, Meaning: "labels of an instance that its domain does not have"},
	{Code: LabelsError, Severity: finding.Note, Meaning: "a label set holds an error in place of labels"},

	{Code: TextType, Severity: finding.Error, Meaning: "a help text is of an unknown type; PCP loses all records after it"},
	{Code: TextEnd, Severity: finding.Warning, Meaning: "a help text does not end with a NUL"},
	{Code: TextIdent, Severity: finding.Note, Meaning: "a help text of something that the archive does not have"},
	{Code: TextChange, Severity: finding.Note, Meaning: "a help text is given twice, differently; the last one holds"},

	{Code: DataRecord, Severity: finding.Error, Meaning: "a data record cannot be decoded"},
	{Code: DataTime, Severity: finding.Warning, Meaning: "the time of a data record is impossible"},
	{Code: DataOrder, Severity: finding.Warning, Meaning: "a data record is earlier than the one before; readers may skip it"},
	{Code: DataStart, Severity: finding.Warning, Meaning: "a data record is earlier than the archive's start; readers may skip it"},
	{Code: MetricRepeat, Severity: finding.Note, Meaning: "a data record has a metric twice"},
	{Code: MetricUnknown, Severity: finding.Warning, Meaning: "values of a metric that is not described"},
	{Code: ValueError, Severity: finding.Note, Meaning: "a metric's error code is unknown"},
	{Code: ValueFormat, Severity: finding.Warning, Meaning: "a metric's values are not stored in the same format throughout"},
	{Code: ValueType, Severity: finding.Error, Meaning: "a value cannot be read as its metric's type"},
	{Code: ValueInDom, Severity: finding.Warning, Meaning: "values of a metric before any record of its instance domain"},
	{Code: ValueInstance, Severity: finding.Warning, Meaning: "a value's instance is not in its domain at that time"},
	{Code: ValueSingular, Severity: finding.Note, Meaning: "a singular metric has several values, or one that has an instance"},
	{Code: ValueRepeat, Severity: finding.Warning, Meaning: "a metric has two values for one instance in one record"},
	{Code: ValueString, Severity: finding.Note, Meaning: "a text value does not end with its NUL"},
	{Code: ValueEvents, Severity: finding.Error, Meaning: "an event array cannot be decoded"},
	{Code: EventMetric, Severity: finding.Note, Meaning: "a parameter of an event is a metric that is not described"},

	{Code: CounterReset, Severity: finding.Warning, Meaning: "a counter falls"},
	{Code: CounterWrap, Severity: finding.Warning, Meaning: "a counter falls in a way that suits 32 bits that overflowed"},
	{Code: CoverageGap, Severity: finding.Note, Meaning: "a metric has no values for much longer than it is recorded at"},
	{Code: CoverageOnce, Severity: finding.Note, Meaning: "a metric was recorded once only"},
	{Code: CoverageNever, Severity: finding.Note, Meaning: "a metric is described and was never recorded"},
	{Code: CoverageSeries, Severity: finding.Note, Meaning: "there are more metric-instances than are followed; counters of the others were not checked"},

	{Code: SetConflict, Severity: finding.Warning, Meaning: "archives of one host describe a metric differently; PCP refuses to read them together"},
	{Code: SetName, Severity: finding.Warning, Meaning: "archives of one host give one name to different metrics"},
	{Code: SetRenamed, Severity: finding.Warning, Meaning: "archives of one host give one metric different names; PCP refuses to merge them"},
	{Code: SetOverlap, Severity: finding.Warning, Meaning: "archives of one host overlap in time, and not because they are of different exporters"},
	{Code: SetSame, Severity: finding.Warning, Meaning: "archives of one host start at the same time; PCP refuses to read them together"},
}

// Codes returns the meaning of every code, in the order in which an archive is
// checked.
func Codes() []finding.CodeInfo { return slices.Clone(codes) }

var severities = sync.OnceValue(func() map[finding.Code]finding.Severity {
	m := map[finding.Code]finding.Severity{}
	for _, c := range codes {
		m[c.Code] = c.Severity
	}
	return m
})

// severityOf returns the severity of findings with a code.
func severityOf(code finding.Code) finding.Severity { return severities()[code] }
