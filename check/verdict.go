package check

import (
	"errors"
	"fmt"

	"github.com/dustin/go-humanize/english"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/pcp"
)

// State is the extent to which an archive can be read.
type State string

// The states.
const (
	Whole      State = "whole"      // the archive has no error
	Partly     State = "partly"     // readers skip damage; Verdict.To is the last record's time
	Unreadable State = "unreadable" // readers reject the archive
)

// Verdict sums up the findings of an archive.
type Verdict struct {
	Archive string // base path
	State   State
	// To is the time of the last record that can be read. It is zero for an unreadable
	// archive.
	To     pcp.Timestamp
	Places int   // number of damaged places
	Err    error // why the archive is unreadable; nil for other states
	text   string
}

// String returns the verdict for people.
func (v Verdict) String() string { return v.Archive + ": " + v.text }

// verdict judges the checked archive. If there are errors, it opens the archive as a
// reader does.
func (c *checker) verdict() Verdict {
	v := Verdict{Archive: c.archive, State: Whole, To: c.data.end, text: string(Whole)}
	if c.errors == 0 && c.places == 0 {
		return v
	}
	_, err := archive.Open(c.archive, &archive.ReadOptions{MaxRecord: c.opts.MaxRecord})
	if err == nil && c.data.records == 0 {
		err = errors.New("no data record can be read")
	}
	if err != nil {
		v.State, v.To, v.Err = Unreadable, pcp.Timestamp{}, err
		v.text = fmt.Sprintf("%s: %v", Unreadable, err)
		return v
	}
	v.State, v.Places = Partly, c.places
	v.text = "readable to " + timeText(v.To, c.zone)
	if v.Places > 0 {
		v.text += ", damaged in " + english.Plural(v.Places, "place", "")
	}
	return v
}
