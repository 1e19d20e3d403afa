package main

import (
	"time"

	"github.com/pcparchive/pcparchive/check"
	"github.com/pcparchive/pcparchive/pcp"
)

// verdictJSON is an archive's verdict as JSON. Programs depend on its form.
type verdictJSON struct {
	Archive string      `json:"archive"`
	Verdict check.State `json:"verdict"`
	To      *time.Time  `json:"readable_to,omitempty"`
	Places  int         `json:"damaged_places,omitempty"`
	Reason  string      `json:"reason,omitempty"`
	text    string      // the verdict as a line of text
}

// verdictOf returns the JSON of a verdict.
func verdictOf(v check.Verdict) verdictJSON {
	j := verdictJSON{Archive: v.Archive, Verdict: v.State, Places: v.Places, text: v.String()}
	if v.State == check.Unreadable {
		j.Reason = v.Err.Error()
	} else if v.To != (pcp.Timestamp{}) {
		to := v.To.Time()
		j.To = &to
	}
	return j
}
