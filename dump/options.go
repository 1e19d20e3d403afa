package dump

import (
	"time"

	"github.com/pcparchive/pcparchive/pcp"
)

// Section is a part of a listing. Sections add up as bits; they are printed in
// the order of their declaration.
type Section uint

// The sections.
const (
	Label        Section = 1 << iota // host, start and end
	LabelDetails                     // and time zones, features, PID
	Descs                            // metrics
	LabelSets                        // label sets
	HelpText                         // one-line and long help
	DiskInDoms                       // instance domains as stored
	InDoms                           // instance domains, deltas applied
	Index                            // temporal index
	Metrics                          // data records

	// All is what the reference calls everything: label sets and help are not
	// in it, nor are the instance domains as stored.
	All = Label | LabelDetails | Descs | InDoms | Index | Metrics
)

// Options select what is listed and how. The zero Options list nothing.
type Options struct {
	Sections Section
	Sizes    bool // the length of each data record
	Reverse  bool // newest data records first
	Marks    bool // marks also where Names are given
	// Dates counts how much a time shows: 0 the time of day, 1 the date too, 2
	// and the seconds since the start, 3 and those since 1970.
	Dates int
	// From and To bound the data records. A zero From is the archive's start, or
	// no bound if Reverse; a zero To is none.
	From, To pcp.Timestamp
	// Zone is the time zone of what is printed; nil: that of this process.
	Zone *time.Location
	// Names are metrics or subtrees of metrics whose values are listed; none: all.
	Names []string
	// Compat is the release of PCP whose listing is wanted: 0 the current one, which
	// is 7.2, and 6 that of 6.0.3.
	Compat int
	// Warn, if not nil, is told of what is odd but does not end the listing.
	Warn func(error)
}

// before7 reports whether the listing is that of release 6.
func (o *Options) before7() bool { return o.Compat != 0 && o.Compat < 7 }

// has reports whether any of the sections is selected.
func (o *Options) has(s Section) bool { return o.Sections&s != 0 }

// warn passes err on.
func (o *Options) warn(err error) {
	if o.Warn != nil {
		o.Warn(err)
	}
}
