package rewrite

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/pcp"
)

// Options configure a copy. The zero value copies everything.
type Options struct {
	// Version is the format version of the output. Zero means the highest version of
	// the inputs.
	Version pcp.Version
	// Lossy lets Copy leave out data that the version cannot hold; see [Loss].
	Lossy bool
	// Start and End limit the records. Both are inclusive; zero means no limit.
	Start, End pcp.Timestamp
	// Metrics are patterns that select metrics: names of metrics or of subtrees, PMIDs,
	// or names with *, ? and []. Empty means all metrics.
	Metrics []string
	// Instances select instances of metrics. A metric that only they select has no others.
	Instances []Instances
	// Daily repeats the window from Start to End every day of a time zone, with marks
	// between the windows. Nil, or a limit that is missing, means one window.
	Daily *time.Location
	// Records ends the output after so many records, marks included. Zero means no limit.
	Records int
	// Labels select the values whose merged labels match every Matcher.
	Labels []Matcher
	// VolumeSize is the largest length of a data volume with more than one record, in
	// bytes before compression. Zero keeps the volumes of a single input without a
	// selection, and otherwise means the version's limit.
	VolumeSize int64
	// Compress is the compression of the data volumes.
	Compress archive.Compression
	// Edit changes the records of a copy of a single input without a selection. Nil
	// changes nothing.
	Edit Editor

	sync bool // write the output to the disk before it is complete
}

// Copy writes the archives in to a new archive at out. It never overwrites: if a file of
// an archive out exists, the error wraps [io/fs.ErrExist]. The output appears complete or,
// after a failure or when ctx ends, not at all.
func Copy(ctx context.Context, out string, in []*archive.Reader, o Options) (*Report, error) {
	if len(in) == 0 {
		return nil, errors.New("no input archive")
	}
	a, err := NewAside(out)
	if err != nil {
		return nil, err
	}
	report, err := Write(ctx, a.Base(), in, o)
	if err == nil {
		report.Replaced = a.Replaced()
		err = a.Publish()
	}
	return report, errors.Join(err, a.Remove())
}

// Write is Copy for an output that nobody else sees: it writes the archive at base, in an
// [Aside]'s folder. After a failure it may leave an incomplete archive there.
func Write(ctx context.Context, base string, in []*archive.Reader, o Options) (*Report, error) {
	if o.Version == 0 {
		for _, r := range in {
			o.Version = max(o.Version, r.Header().Version)
		}
	}
	if o.Edit != nil && (len(in) > 1 || o.selects()) {
		return nil, errors.New("only the copy of one whole archive can be edited")
	}
	if err := CheckTargets(o.matching(in), o.wants); err != nil {
		return nil, err
	}
	report := &Report{Losses: []LossCount{}}
	write := compose
	if len(in) == 1 && !o.selects() {
		write = verbatim
	}
	if err := write(ctx, base, in, o, report); err != nil {
		return nil, err
	}
	for _, r := range in {
		for _, w := range r.Warnings() {
			report.damaged(w)
		}
	}
	return report, nil
}

// damaged adds damage of an input to the report, once. It returns false if err is another
// failure.
func (r *Report) damaged(err error) bool {
	var damage *pcp.FormatError
	if !errors.As(err, &damage) {
		return false
	}
	known := slices.ContainsFunc(r.Damage, func(k error) bool { return k.Error() == err.Error() })
	if !known {
		r.Damage = append(r.Damage, err)
	}
	return true
}
