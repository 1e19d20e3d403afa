// Package check finds faults in PCP archives. It reports everything that PCP's
// pmlogcheck reports. It also checks every field of every record.
//
//	for f := range check.Archive(ctx, "/var/log/pcp/host/20260102", nil) {
//		fmt.Println(f)
//	}
//
// A check reads every file once from front to back: the temporal index, the metadata,
// then the data volumes. Memory depends on the metadata, the longest record and the
// number of metric-instances, which [Options] bounds. After damage the check
// continues at the next record that it recognizes, and with the other files.
//
// A sequence belongs to one goroutine, and each reads the files anew. A consumer
// may stop at any finding. Data that cannot be read is a finding, too, so the functions
// return no error. [Salvage] checks an archive and writes its readable records.
//
// # Findings
//
// A [finding.Finding] has a stable code. An error means that part of the archive
// cannot be read or that PCP refuses the archive. A warning means that
// readable data is doubtful. A note is worth knowing.
//
//	file-missing      error    the archive has no metadata file, or no data volume
//	file-unreadable   error    a file cannot be opened or read
//	file-compressed   error    the compressed form of a file is damaged
//	file-empty        error    a file without which the archive does not open is empty or holds a label only
//	file-twice        warning  a file is there both plain and compressed, or compressed in two ways; readers differ in which they take
//	volume-empty      warning  a data volume after the first holds no record
//	volume-missing    warning  the numbers of the data volumes have a hole
//	label-record      error    the archive label at the head of a file is damaged
//	label-magic       error    a file does not begin as an archive's does
//	label-version     error    the label's format version is unknown, or differs from that of the other files
//	label-volume      error    the label says that the file is another one of the archive
//	label-mismatch    error    host or process in the label differ from those of the other files
//	label-features    warning  the label has unknown feature bits, for which old readers refuse the archive
//	label-start       note     the start time in the label differs from that of the other files, or is impossible
//	label-zone        note     the time zone in the label differs from that of the other files
//	frame-length      error    a record's leading length is impossible
//	frame-trailer     error    the lengths before and after a record differ
//	frame-torn        error    a file ends inside a record
//	frame-lost        error    no further record was found after damage; the rest of the file was not checked
//	index-missing     warning  there is no temporal index
//	index-torn        error    the temporal index ends inside an entry
//	index-volume      warning  an index entry points into a volume that does not exist
//	index-time        warning  the time of an index entry is impossible or earlier than the archive's start
//	index-order       warning  an index entry is earlier, or points further back, than the one before
//	index-offset      warning  an index entry points into a label or past the end of a file
//	index-boundary    warning  an index entry points between records
//	index-stamp       note     an index entry points at a record of another time
//	index-ahead       warning  an index entry is later than the last record, which it should point at
//	meta-record       error    a metadata record cannot be decoded; readers refuse the archive
//	meta-tag          error    a metadata record is of an unknown type; readers refuse the archive
//	meta-rest         warning  a metadata record is longer than its contents, or its parts overlap
//	meta-version      warning  a metadata record has the form of another format version
//	meta-time         warning  the time of a metadata record is impossible, before the archive's start or after its end
//	meta-order        warning  a metadata record is earlier than one before it
//	desc-conflict     error    a metric is described twice, differently; readers refuse the archive
//	desc-domain       warning  the domains of a metric and of its instance domain differ
//	desc-ident        warning  a metric or instance domain identifier has its reserved bit set
//	desc-indom        note     a metric's instance domain has no record
//	desc-name         warning  a metric has no name, or one that cannot be used
//	desc-name-taken   warning  a metric's name is that of another metric, or of a node above or below one
//	desc-semantics    warning  a metric's semantics are unknown
//	desc-type         warning  a metric's type is unknown
//	desc-units        warning  a metric's units have a scale without dimension, or are out of range
//	indom-empty       note     an instance domain record without instances, which readers ignore
//	indom-ident       note     an instance domain that no metric has
//	indom-repeat      warning  an instance is in a record of its domain twice
//	indom-name        warning  an instance's name is empty, or the names do not end with a NUL
//	indom-names       warning  two instances of a domain have one name
//	indom-prefix      note     two instances' names are equal up to the first blank, where tools may abbreviate them
//	delta-base        warning  a change of an instance domain without a complete record before it
//	delta-add         warning  a change adds an instance that the domain has
//	delta-remove      warning  a change removes an instance that the domain has not
//	labels-json       warning  the JSON of a label set is invalid
//	labels-slice      warning  an entry of a label set does not denote a label of its JSON
//	labels-duplicate  warning  a label set has two labels of one name
//	labels-repeat     warning  a record has two label sets for one instance
//	labels-hidden     warning  a record of instance labels hides, or is hidden by, another one of the same time
//	labels-level      warning  a label record is of an unknown level, or its identifier does not suit the level
//	labels-ident      note     labels of something that the archive does not have
//	labels-instance   note     labels of an instance that its domain does not have
//	labels-error      note     a label set holds an error in place of labels
//	text-type         error    a help text is of an unknown type; PCP loses all records after it
//	text-end          warning  a help text does not end with a NUL
//	text-ident        note     a help text of something that the archive does not have
//	text-change       note     a help text is given twice, differently; the last one holds
//	data-record       error    a data record cannot be decoded
//	data-time         warning  the time of a data record is impossible
//	data-order        warning  a data record is earlier than the one before; readers may skip it
//	data-start        warning  a data record is earlier than the archive's start; readers may skip it
//	metric-repeat     note     a data record has a metric twice
//	metric-unknown    warning  values of a metric that is not described
//	value-error       note     a metric's error code is unknown
//	value-format      warning  a metric's values are not stored in the same format throughout
//	value-type        error    a value cannot be read as its metric's type
//	value-indom       warning  values of a metric before any record of its instance domain
//	value-instance    warning  a value's instance is not in its domain at that time
//	value-singular    note     a singular metric has several values, or one that has an instance
//	value-repeat      warning  a metric has two values for one instance in one record
//	value-string      note     a text value does not end with its NUL
//	value-events      error    an event array cannot be decoded
//	event-metric      note     a parameter of an event is a metric that is not described
//	counter-reset     warning  a counter falls
//	counter-wrap      warning  a counter falls in a way that suits 32 bits that overflowed
//	coverage-gap      note     a metric has no values for much longer than it is recorded at
//	coverage-once     note     a metric was recorded once only
//	coverage-never    note     a metric is described and was never recorded
//	coverage-series   note     there are more metric-instances than are followed; counters of the others were not checked
//	set-conflict      warning  archives of one host describe a metric differently; PCP refuses to read them together
//	set-name          warning  archives of one host give one name to different metrics
//	set-renamed       warning  archives of one host give one metric different names; PCP refuses to merge them
//	set-overlap       warning  archives of one host overlap in time, and not because they are of different exporters
//	set-same          warning  archives of one host start at the same time; PCP refuses to read them together
package check
