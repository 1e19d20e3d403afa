package check

import "slices"

// Code names a kind of finding. Codes are stable: programs may rely on them.
type Code string

// CodeInfo says what a code stands for.
type CodeInfo struct {
	Code     Code     `json:"code"`
	Severity Severity `json:"severity"`
	Meaning  string   `json:"meaning"`
}

// The codes. What each stands for is in the package's documentation and in
// [Codes].
const (
	FileMissing    Code = "file-missing"
	FileUnreadable Code = "file-unreadable"
	FileCompressed Code = "file-compressed"
	FileEmpty      Code = "file-empty"
	FileTwice      Code = "file-twice"
	VolumeEmpty    Code = "volume-empty"
	VolumeMissing  Code = "volume-missing"

	LabelRecord   Code = "label-record"
	LabelMagic    Code = "label-magic"
	LabelVersion  Code = "label-version"
	LabelVolume   Code = "label-volume"
	LabelMismatch Code = "label-mismatch"
	LabelFeatures Code = "label-features"
	LabelStart    Code = "label-start"
	LabelZone     Code = "label-zone"

	FrameLength  Code = "frame-length"
	FrameTrailer Code = "frame-trailer"
	FrameTorn    Code = "frame-torn"
	FrameLost    Code = "frame-lost"

	IndexMissing  Code = "index-missing"
	IndexTorn     Code = "index-torn"
	IndexVolume   Code = "index-volume"
	IndexTime     Code = "index-time"
	IndexOrder    Code = "index-order"
	IndexOffset   Code = "index-offset"
	IndexBoundary Code = "index-boundary"
	IndexStamp    Code = "index-stamp"
	IndexAhead    Code = "index-ahead"

	MetaRecord  Code = "meta-record"
	MetaTag     Code = "meta-tag"
	MetaRest    Code = "meta-rest"
	MetaVersion Code = "meta-version"
	MetaTime    Code = "meta-time"
	MetaOrder   Code = "meta-order"

	DescConflict  Code = "desc-conflict"
	DescDomain    Code = "desc-domain"
	DescIdent     Code = "desc-ident"
	DescInDom     Code = "desc-indom"
	DescName      Code = "desc-name"
	DescNameTaken Code = "desc-name-taken"
	DescSemantics Code = "desc-semantics"
	DescType      Code = "desc-type"
	DescUnits     Code = "desc-units"

	InDomEmpty  Code = "indom-empty"
	InDomIdent  Code = "indom-ident"
	InDomRepeat Code = "indom-repeat"
	InDomName   Code = "indom-name"
	InDomNames  Code = "indom-names"
	InDomPrefix Code = "indom-prefix"
	DeltaBase   Code = "delta-base"
	DeltaAdd    Code = "delta-add"
	DeltaRemove Code = "delta-remove"

	LabelsJSON      Code = "labels-json"
	LabelsSlice     Code = "labels-slice"
	LabelsDuplicate Code = "labels-duplicate"
	LabelsRepeat    Code = "labels-repeat"
	LabelsHidden    Code = "labels-hidden"
	LabelsLevel     Code = "labels-level"
	LabelsIdent     Code = "labels-ident"
	LabelsInstance  Code = "labels-instance"
	LabelsError     Code = "labels-error"

	TextType   Code = "text-type"
	TextEnd    Code = "text-end"
	TextIdent  Code = "text-ident"
	TextChange Code = "text-change"

	DataRecord    Code = "data-record"
	DataTime      Code = "data-time"
	DataOrder     Code = "data-order"
	DataStart     Code = "data-start"
	MetricRepeat  Code = "metric-repeat"
	MetricUnknown Code = "metric-unknown"
	ValueError    Code = "value-error"
	ValueFormat   Code = "value-format"
	ValueType     Code = "value-type"
	ValueInDom    Code = "value-indom"
	ValueInstance Code = "value-instance"
	ValueSingular Code = "value-singular"
	ValueRepeat   Code = "value-repeat"
	ValueString   Code = "value-string"
	ValueEvents   Code = "value-events"
	EventMetric   Code = "event-metric"

	CounterReset   Code = "counter-reset"
	CounterWrap    Code = "counter-wrap"
	CoverageGap    Code = "coverage-gap"
	CoverageOnce   Code = "coverage-once"
	CoverageNever  Code = "coverage-never"
	CoverageSeries Code = "coverage-series"

	SetConflict Code = "set-conflict"
	SetName     Code = "set-name"
	SetRenamed  Code = "set-renamed"
	SetOverlap  Code = "set-overlap"
	SetSame     Code = "set-same"
)

var codes = []CodeInfo{
	{FileMissing, Error, "the archive has no metadata file, or no data volume"},
	{FileUnreadable, Error, "a file cannot be opened or read"},
	{FileCompressed, Error, "the compressed form of a file is damaged"},
	{FileEmpty, Error, "a file without which the archive does not open is empty or holds a label only"},
	{FileTwice, Warning, "a file is there both plain and compressed, or compressed in two ways; readers differ in which they take"},
	{VolumeEmpty, Warning, "a data volume after the first holds no record"},
	{VolumeMissing, Warning, "the numbers of the data volumes have a hole"},

	{LabelRecord, Error, "the archive label at the head of a file is damaged"},
	{LabelMagic, Error, "a file does not begin as an archive's does"},
	{LabelVersion, Error, "the label's format version is unknown, or differs from that of the other files"},
	{LabelVolume, Error, "the label says that the file is another one of the archive"},
	{LabelMismatch, Error, "host or process in the label differ from those of the other files"},
	{LabelFeatures, Warning, "the label has unknown feature bits, for which old readers refuse the archive"},
	{LabelStart, Note, "the start time in the label differs from that of the other files, or is impossible"},
	{LabelZone, Note, "the time zone in the label differs from that of the other files"},

	{FrameLength, Error, "a record's leading length is impossible"},
	{FrameTrailer, Error, "the lengths before and after a record differ"},
	{FrameTorn, Error, "a file ends inside a record"},
	{FrameLost, Error, "no further record was found after damage; the rest of the file was not checked"},

	{IndexMissing, Warning, "there is no temporal index"},
	{IndexTorn, Error, "the temporal index ends inside an entry"},
	{IndexVolume, Warning, "an index entry points into a volume that does not exist"},
	{IndexTime, Warning, "the time of an index entry is impossible or earlier than the archive's start"},
	{IndexOrder, Warning, "an index entry is earlier, or points further back, than the one before"},
	{IndexOffset, Warning, "an index entry points into a label or past the end of a file"},
	{IndexBoundary, Warning, "an index entry points between records"},
	{IndexStamp, Note, "an index entry points at a record of another time"},
	{IndexAhead, Warning, "an index entry is later than the last record, which it should point at"},

	{MetaRecord, Error, "a metadata record cannot be decoded; readers refuse the archive"},
	{MetaTag, Error, "a metadata record is of an unknown type; readers refuse the archive"},
	{MetaRest, Warning, "a metadata record is longer than what is in it, or its parts overlap"},
	{MetaVersion, Warning, "a metadata record has the form of another format version"},
	{MetaTime, Warning, "the time of a metadata record is impossible, before the archive's start or after its end"},
	{MetaOrder, Warning, "a metadata record is earlier than one before it"},

	{DescConflict, Error, "a metric is described twice, differently; readers refuse the archive"},
	{DescDomain, Warning, "the domains of a metric and of its instance domain differ"},
	{DescIdent, Warning, "a metric or instance domain identifier has its reserved bit set"},
	{DescInDom, Note, "a metric's instance domain has no record"},
	{DescName, Warning, "a metric has no name, or one that cannot be used"},
	{DescNameTaken, Warning, "a metric's name is that of another metric, or of a node above or below one"},
	{DescSemantics, Warning, "a metric's semantics are unknown"},
	{DescType, Warning, "a metric's type is unknown"},
	{DescUnits, Warning, "a metric's units have a scale without dimension, or are out of range"},

	{InDomEmpty, Note, "an instance domain record without instances, which readers ignore"},
	{InDomIdent, Note, "an instance domain that no metric has"},
	{InDomRepeat, Warning, "an instance is in a record of its domain twice"},
	{InDomName, Warning, "an instance's name is empty, or the names do not end with a NUL"},
	{InDomNames, Warning, "two instances of a domain have one name"},
	{InDomPrefix, Note, "two instances' names are equal up to the first blank, where tools may abbreviate them"},
	{DeltaBase, Warning, "a change of an instance domain without a complete record before it"},
	{DeltaAdd, Warning, "a change adds an instance that the domain has"},
	{DeltaRemove, Warning, "a change removes an instance that the domain has not"},

	{LabelsJSON, Warning, "the JSON of a label set is invalid"},
	{LabelsSlice, Warning, "an entry of a label set does not denote a label of its JSON"},
	{LabelsDuplicate, Warning, "a label set has two labels of one name"},
	{LabelsRepeat, Warning, "a record has two label sets for one instance"},
	{LabelsHidden, Warning, "a record of instance labels hides, or is hidden by, another one of the same time"},
	{LabelsLevel, Warning, "a label record is of an unknown level, or its identifier does not suit the level"},
	{LabelsIdent, Note, "labels of something that the archive does not have"},
	{LabelsInstance, Note, "labels of an instance that its domain does not have"},
	{LabelsError, Note, "a label set holds an error in place of labels"},

	{TextType, Error, "a help text is of an unknown type; the reference loses what follows"},
	{TextEnd, Warning, "a help text does not end with a NUL"},
	{TextIdent, Note, "a help text of something that the archive does not have"},
	{TextChange, Note, "a help text is given twice, differently; the last one holds"},

	{DataRecord, Error, "a data record cannot be decoded"},
	{DataTime, Warning, "the time of a data record is impossible"},
	{DataOrder, Warning, "a data record is earlier than the one before; readers may skip it"},
	{DataStart, Warning, "a data record is earlier than the archive's start; readers may skip it"},
	{MetricRepeat, Note, "a data record has a metric twice"},
	{MetricUnknown, Warning, "values of a metric that is not described"},
	{ValueError, Note, "a metric's error code is unknown"},
	{ValueFormat, Warning, "a metric's values are not stored in the same format throughout"},
	{ValueType, Error, "a value cannot be read as its metric's type"},
	{ValueInDom, Warning, "values of a metric before any record of its instance domain"},
	{ValueInstance, Warning, "a value's instance is not in its domain at that time"},
	{ValueSingular, Note, "a singular metric has several values, or one that has an instance"},
	{ValueRepeat, Warning, "a metric has two values for one instance in one record"},
	{ValueString, Note, "a text value does not end with its NUL"},
	{ValueEvents, Error, "an event array cannot be decoded"},
	{EventMetric, Note, "a parameter of an event is a metric that is not described"},

	{CounterReset, Warning, "a counter falls"},
	{CounterWrap, Warning, "a counter falls in a way that suits 32 bits that overflowed"},
	{CoverageGap, Note, "a metric has no values for much longer than it is recorded at"},
	{CoverageOnce, Note, "a metric was recorded once only"},
	{CoverageNever, Note, "a metric is described and was never recorded"},
	{CoverageSeries, Note, "there are more metric-instances than are followed; counters of the others were not checked"},

	{SetConflict, Warning, "archives of one host describe a metric differently; the reference refuses to read them together"},
	{SetName, Warning, "archives of one host give one name to different metrics"},
	{SetRenamed, Warning, "archives of one host give one metric different names; the reference refuses to merge them"},
	{SetOverlap, Warning, "archives of one host overlap in time"},
	{SetSame, Warning, "archives of one host start at the same time; the reference refuses to read them together"},
}

// Codes returns what every code stands for, in the order in which an archive is
// checked.
func Codes() []CodeInfo { return slices.Clone(codes) }

var severities = func() map[Code]Severity {
	m := map[Code]Severity{}
	for _, c := range codes {
		m[c.Code] = c.Severity
	}
	return m
}()

// Severity returns how much findings of code c matter.
func (c Code) Severity() Severity { return severities[c] }
