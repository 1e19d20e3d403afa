package rewrite

import (
	"context"
	"errors"
	"slices"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/pcp"
)

// Options change what a copy makes. The zero value copies everything.
type Options struct {
	// Version of the output; 0: the highest of the inputs'.
	Version pcp.Version
	// Lossy allows what the version cannot hold to be lost; see [Loss].
	Lossy bool
	// Start and End limit the records; both are inclusive, and zero means no
	// limit.
	Start, End pcp.Timestamp
	// Metrics are patterns for what to keep: names of metrics or of subtrees,
	// PMIDs, or names with *, ? and [] in them. None: everything.
	Metrics []string
	// Labels keep the values whose labels, as a client sees them, match all.
	Labels []Matcher
	// VolumeSize is how long a data volume may become, in bytes before
	// compression, if it has more than one record; 0: as long as its inputs' or,
	// of a selection or several inputs, as the version allows.
	VolumeSize int64
	// Compress is how the data volumes are stored.
	Compress archive.Compression
}

// Copy writes the archives in to a new archive at out. Nothing is overwritten:
// if any file of an archive of that name exists, the error wraps
// [io/fs.ErrExist]. The output appears complete or, after a failure or when ctx
// ends, not at all.
func Copy(ctx context.Context, out string, in []*archive.Reader, o Options) (*Report, error) {
	if len(in) == 0 {
		return nil, errors.New("no input archive")
	}
	a, err := NewAside(out)
	if err != nil {
		return nil, err
	}
	report, err := copyTo(ctx, a.Base(), in, o)
	if err == nil {
		report.Replaced = a.Replaced()
		err = a.Publish()
	}
	return report, errors.Join(err, a.Remove())
}

// copyTo writes the output where it may be seen half finished.
func copyTo(ctx context.Context, base string, in []*archive.Reader, o Options) (*Report, error) {
	if o.Version == 0 {
		for _, r := range in {
			o.Version = max(o.Version, r.Header().Version)
		}
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

// damaged notes that something of an input cannot be read, which is no reason to
// lose what can.
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
