package check

import (
	"errors"
	"fmt"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/pcp"
)

// State is how much of an archive can be read.
type State string

// The states.
const (
	Whole      State = "whole"      // all of it
	Partly     State = "partly"     // there are errors; Verdict.To says how far reading comes
	Unreadable State = "unreadable" // readers refuse it
)

// Verdict is what the findings of an archive amount to.
type Verdict struct {
	Archive string // base path
	State   State
	// To is the time of the last record that can be read, if the archive is not
	// unreadable.
	To     pcp.Timestamp
	Places int   // that are damaged
	Err    error // why it is unreadable
	text   string
}

// String returns the verdict for people.
func (v Verdict) String() string { return v.Archive + ": " + v.text }

// verdict judges the archive that was checked. Where there are errors it is opened
// as every reader opens it.
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
		v.text += ", damaged in " + plural(v.Places, "place")
	}
	return v
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
