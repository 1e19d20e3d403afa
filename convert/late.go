package convert

import (
	"time"

	"github.com/pcparchive/pcparchive/pcp"
)

// RecordName names a record that is left out, for a report. host may be empty.
func RecordName(host, at string) string {
	if host != "" {
		return "record of " + host + " at " + at
	}
	return "record at " + at
}

// LateRecord names a record that is earlier than the one before it, for a report.
func LateRecord(host string, t pcp.Timestamp) string {
	return RecordName(host, t.Time().UTC().Format(time.RFC3339Nano))
}
