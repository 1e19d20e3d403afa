package csv

import (
	"fmt"
	"time"

	"github.com/pcparchive/pcparchive/labelset"
)

// DefaultPrefix is the first component of the names of columns without a dot.
const DefaultPrefix = "csv"

// Options change how a [Reader] reads a table. The zero Options suit a table with a
// header whose times are in UTC.
type Options struct {
	// Mapping describes the columns. If it is nil, each column but that of the time is a
	// metric named after its header.
	Mapping *Mapping
	// TimeColumn is the header of the column of times. If it is empty, the mapping's counts,
	// or else the first column called time, timestamp, datetime or date, or else the first
	// column.
	TimeColumn string
	// DateColumn is the header of the column of dates, if the column of times has none. If
	// neither is given, columns called date and time are taken together.
	DateColumn string
	// TimeFormat is a layout as of [time.Parse] or strptime, or [FormatSeconds] or
	// [FormatMillis]. If it is empty, the mapping's counts, or else the reader recognizes
	// RFC 3339, "2006-01-02 15:04:05" and numbers since 1970.
	TimeFormat string
	// Zone is the time zone of times that do not name one. Nil means UTC.
	Zone *time.Location
	// SkipLines is the number of lines above the header.
	SkipLines int
	// DecimalComma reads numbers such as 1.234,5.
	DecimalComma bool
	// Host selects the rows of a long table with a column of hosts. If it is empty, all rows
	// must have the same host.
	Host string
	// Delimiter stands between the cells; zero means a comma.
	Delimiter rune
	// Prefix is the first component of all names. If it is empty, [DefaultPrefix] is that
	// of names without a dot, and other names stay as they are. It does not apply to
	// names that a mapping gives.
	Prefix string
	// Context are context labels of all metrics.
	Context labelset.Set
	// Damaged receives what the reader leaves out: rows without a time, and cells that do
	// not fit their column. The first such cell of a column counts at once, the
	// number of the others when the table ends. It may be nil.
	Damaged func(error)
}

// Error is a fault of a table or of a mapping.
type Error struct {
	File string
	Line int // 0 if the fault concerns the whole file
	Err  error
}

// Error names the file and the line.
func (e *Error) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %v", e.File, e.Err)
	}
	return fmt.Sprintf("%s:%d: %v", e.File, e.Line, e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }
