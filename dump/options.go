package dump

import (
	"time"

	"github.com/pcparchive/pcparchive/pcp"
)

// Section is a set of parts of a listing, as bits. A listing prints the parts in the
// order of their declaration.
type Section uint

// The sections.
const (
	Label        Section = 1 << iota // host, start and end
	LabelDetails                     // with Label: also time zones, features and PID
	Descs                            // descriptors of metrics
	LabelSets                        // label sets
	HelpText                         // one-line and long help
	DiskInDoms                       // instance domain records as stored
	InDoms                           // versions of instance domains with all instances
	Index                            // temporal index
	Metrics                          // data records

	// All selects the sections that pmdumplog's option -a prints. Label sets, help
	// and stored instance domains are not among them.
	All = Label | LabelDetails | Descs | InDoms | Index | Metrics
)

// Options select the content and the form of a listing. The zero Options select
// nothing.
type Options struct {
	Sections Section
	Sizes    bool // print the length of each data record in bytes
	Reverse  bool // print the newest data record first
	Marks    bool // print marks even if Names is not empty
	// Dates is the number of additions to the time of day: 1 adds the date, 2 also the
	// seconds since the start, 3 also the seconds since 1970.
	Dates int
	// From and To bound the data records; both are inclusive. Zero means no bound,
	// but without Reverse a zero From stands for the archive's start.
	From, To pcp.Timestamp
	// Zone is the time zone of printed times. Nil means the zone of this process.
	Zone *time.Location
	// Names selects metrics or subtrees of metrics whose values are printed. Empty
	// means all metrics.
	Names []string
	// Compat is the release of PCP whose listing Text imitates: 6 for 6.0.3, 7 for
	// 7.2. Zero means the newest.
	Compat int
	// Warn gets errors that do not make the listing fail. It may be nil.
	Warn func(error)
}

// before7 reports whether the listing imitates release 6.
func (o *Options) before7() bool { return o.Compat != 0 && o.Compat < 7 }

// has reports whether any of the sections is selected.
func (o *Options) has(s Section) bool { return o.Sections&s != 0 }

// warn passes err to Warn.
func (o *Options) warn(err error) {
	if o.Warn != nil {
		o.Warn(err)
	}
}
