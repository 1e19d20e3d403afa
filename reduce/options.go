package reduce

import (
	"errors"
	"iter"
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/interp"
	"github.com/pcparchive/pcparchive/pcp"
)

// DefaultInterval is the interval of pmlogreduce.
const DefaultInterval = 10 * time.Minute

// Options configure a reduction.
type Options struct {
	// Interval is the time between two records of the output.
	Interval time.Duration
	// Start is the time of the first record, End the last time at which a record may be.
	// Zero means those of the input.
	Start, End pcp.Timestamp
	// Align moves the start to the next whole multiple of this time since 1970. Zero does
	// not.
	Align time.Duration
	// Samples is the largest number of records. Zero means no limit.
	Samples int
	// VolumeSamples is the number of records in a volume. Zero means no limit.
	VolumeSamples int
	// Mean gives instant and discrete metrics the mean of the interval instead of the
	// latest value.
	Mean bool
	// KeepWraps leaves overflows of 32-bit counters as they are, as pmlogreduce 6 does.
	KeepWraps bool
	// Version is the format version of the output. Zero means that of the input.
	Version pcp.Version
	// Compress is the compression of the volumes.
	Compress archive.Compression
}

// Report describes a finished reduction.
type Report struct {
	Read    int `json:"read"`    // records of the input
	Records int `json:"records"` // records of the output, marks included
	// Skipped are the metrics that cannot be reduced.
	Skipped []string `json:"skipped"`
	// Unwrapped is the number of overflows that were undone.
	Unwrapped int `json:"unwrapped"`
	// Replaced names the existing archive without a record that the output replaced.
	Replaced []string `json:"-"`
	// Damage names the parts of the input that could not be read.
	Damage []error `json:"-"`
}

// Source is the input: an archive, or several as one timeline.
type Source interface {
	interp.Source
	Header() *archive.Header
	Readers() iter.Seq[*archive.Reader]
}

// ErrOptions reports options that make no sense.
var ErrOptions = errors.New("invalid options")

// ErrTimes reports an interval that does not fit the input.
var ErrTimes = errors.New("no time between start and end")
