package convert

import (
	"time"

	"github.com/pcparchive/pcparchive/pcp"
)

// RecordName returns a name for a record that a conversion leaves out, for use in
// a Report. host may be empty.
func RecordName(host, at string) string {
	if host != "" {
		return "record of " + host + " at " + at
	}
	return "record at " + at
}

// LateRecord returns a name for a record that is earlier than its predecessor, for
// use in a Report. host may be empty.
func LateRecord(host string, t pcp.Timestamp) string {
	return RecordName(host, t.Time().UTC().Format(time.RFC3339Nano))
}
