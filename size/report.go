package size

import (
	"time"

	"github.com/pcparchive/pcparchive/pcp"
)

// Report is the account of one or more archives. All lengths are in bytes.
type Report struct {
	Files   []File   // in the order of reading
	Kinds   []Kind   // those that occur, by descending length
	Metrics []Metric // by descending Values + Metadata, then by name
	Domains []Domain // by descending length, then by number
	Labels  []Level  // those that occur, from context to instances
	Days    []Day    // by ascending date
}

// Length returns the length of the decompressed files.
func (r *Report) Length() (n int64) {
	for _, f := range r.Files {
		n += f.Length
	}
	return n
}

// Stored returns the length of the files on disk.
func (r *Report) Stored() (n int64) {
	for _, f := range r.Files {
		n += f.Stored
	}
	return n
}

// File is the account of one file of an archive.
type File struct {
	Path   string
	Host   string // the archive's host
	Stored int64  // on disk
	Length int64  // decompressed; equals Stored for a plain file
	Lost   int64  // of Length: bytes that cannot be read
}

// Kind is the account of one kind of bytes.
type Kind struct {
	Name    string // see the Kind constants
	Records int64
	Length  int64
}

// Names of the kinds of bytes. Frames are what data records hold beside values: lengths,
// timestamp and number of metrics.
const (
	KindValues     = "values"
	KindFrames     = "frames of data records"
	KindMarks      = "marks"
	KindLabels     = "labels"
	KindDomains    = "instance domains"
	KindDeltas     = "changes of instance domains"
	KindText       = "help text"
	KindDescs      = "descriptors"
	KindIndex      = "temporal index"
	KindHeader     = "archive labels"
	KindUnreadable = "unreadable"
)

// Metric is the account of one metric.
type Metric struct {
	Name     string // first name; empty if no descriptor has the PMID
	PMID     pcp.PMID
	Records  int64 // data records with the metric
	Count    int64 // values in them
	Values   int64 // length of the value sets
	Repeated int64 // of Values: sets that are equal to the set before
	Metadata int64 // length of descriptor, help text and labels of the metric itself
	// Interval is the mean time between records of one archive with the metric; zero if
	// there are fewer than two.
	Interval time.Duration
}

// Saved returns how many bytes of values a logger would save that recorded the metric no
// more often than once per interval.
func (m *Metric) Saved(interval time.Duration) int64 {
	if m.Interval <= 0 || interval <= m.Interval {
		return 0
	}
	return m.Values - int64(float64(m.Values)*float64(m.Interval)/float64(interval))
}

// Domain is the account of one instance domain.
type Domain struct {
	InDom   pcp.InDomID
	Records int64 // complete sets and changes
	Length  int64 // of them
	Labels  int64 // length of the labels of the domain and its instances
	Text    int64 // length of its help text
}

// Level is the account of the labels of one level.
type Level struct {
	Name    string // "context", "domain", "indom", "cluster", "item", "instances"
	Records int64
	Length  int64
}

// Day is the account of one day of one host: data records by their timestamps, marks
// included.
type Day struct {
	Host    string
	Date    time.Time // midnight in the zone of New
	Records int64
	Length  int64
}
