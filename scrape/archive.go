package scrape

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/pcp"
)

// ArchiveOptions say which archive a recording writes. Only Base is required.
type ArchiveOptions struct {
	// Base is the base name of the archive.
	Base string
	// Append continues the archive if it exists. The archive keeps its host, its
	// version and its prefix.
	Append bool
	// Host is the host of the archive; empty means [CommonHost] of the endpoints.
	Host      string
	Endpoints []Endpoint
	// Prefix is the first component of metric names; empty means that of the archive
	// that is continued, and "openmetrics" for a new one.
	Prefix string
	Labels []prom.Label // context labels
	Report *prom.Report // may be nil
	// Write says how the archive is written. OpenArchive sets Accept.
	Write archive.WriteOptions
}

// Archive is an archive that is open for a [Recorder].
type Archive struct {
	Mapper   *mapper.Mapper
	Appender *archive.Appender
	// Replaced reports that an archive in which no scrape had succeeded gave way to
	// this one.
	Replaced bool
}

// OptionError reports options that no archive can have.
type OptionError struct{ Err error }

// Error returns the cause.
func (e *OptionError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *OptionError) Unwrap() error { return e.Err }

// HostError reports an archive that cannot be continued because it is of another
// host.
type HostError struct {
	Archive string // base name
	Host    string // host of the archive
	Want    string // host of the recording
	Given   bool   // the options name Want; otherwise the endpoints do
}

// Error names both hosts.
func (e *HostError) Error() string {
	if e.Given {
		return fmt.Sprintf("%s is an archive of host %s, not of %s", e.Archive, e.Host, e.Want)
	}
	return fmt.Sprintf("%s is an archive of host %s, and the URLs name host %s", e.Archive, e.Host, e.Want)
}

// Unwrap returns [pcp.ErrMismatch].
func (e *HostError) Unwrap() error { return pcp.ErrMismatch }

// OpenArchive creates the archive of a recording, or continues it. [archive.Create]
// and [archive.Continue] describe which archives they reject and repair.
//
// OpenArchive replaces an archive in which no scrape has succeeded: a wrong URL must
// not stand in the way of the right one. With Append it does so only if that archive
// is of another host, because one of the same host can be continued.
//
// The error is an [*OptionError] if the options are wrong, and a [*HostError] if the
// archive to continue is of another host.
func OpenArchive(o ArchiveOptions) (*Archive, error) {
	given := o.Host != ""
	o.Host = cmp.Or(o.Host, CommonHost(o.Endpoints))
	replaced := false
	if _, _, err := archive.Members(o.Base); o.Append && err == nil {
		a, err := o.resume(given)
		var other *HostError
		switch {
		case err == nil:
			return a, nil
		case errors.Is(err, archive.ErrNoRecords):
		case errors.As(err, &other) && !other.Given && o.removeFailed():
			replaced = true
		default:
			return nil, err
		}
	}
	m, err := o.mapper(o.Prefix, o.Host)
	if err != nil {
		return nil, err
	}
	file, err := archive.Create(o.Base, archive.LocalHeader(o.Host), &o.Write)
	if errors.Is(err, fs.ErrExist) && !o.Append && o.removeFailed() {
		replaced = true
		file, err = archive.Create(o.Base, archive.LocalHeader(o.Host), &o.Write)
	}
	if err != nil {
		return nil, err
	}
	return &Archive{m, file, replaced}, nil
}

// mapper returns the mapper of an archive. An error is a mistake in the options.
func (o *ArchiveOptions) mapper(prefix, host string) (*mapper.Mapper, error) {
	m, err := mapper.New(mapper.Options{Prefix: prefix, Host: host, External: o.Labels, Report: o.Report})
	if err != nil {
		return nil, &OptionError{err}
	}
	return m, nil
}

// resume continues the archive. given means that the caller named the host.
func (o *ArchiveOptions) resume(given bool) (*Archive, error) {
	write := o.Write
	write.Accept = func(label archive.Header) error {
		switch {
		case label.Host != o.Host:
			return &HostError{Archive: o.Base, Host: label.Host, Want: o.Host, Given: given}
		case o.Write.Version != 0 && label.Version != o.Write.Version:
			return fmt.Errorf("%s is a %s archive and keeps its version: %w", o.Base, label.Version, pcp.ErrMismatch)
		}
		return nil
	}
	file, err := archive.Continue(o.Base, &write)
	if err != nil {
		return nil, err
	}
	m, err := o.adopt(file)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &Archive{Mapper: m, Appender: file}, nil
}

// adopt returns a mapper that knows the metrics of the archive.
func (o *ArchiveOptions) adopt(file *archive.Appender) (*mapper.Mapper, error) {
	if last, _ := file.Last(); last.Time().After(time.Now()) {
		return nil, fmt.Errorf("%s ends at %s, which is in the future: %w", o.Base, last.Time().Format(time.RFC3339), archive.ErrOrder)
	}
	m, err := o.mapper(cmp.Or(o.Prefix, mapper.PrefixOf(file.Meta())), file.Header().Host)
	if err != nil {
		return nil, err
	}
	if err := m.Adopt(file.Meta()); err != nil {
		return nil, fmt.Errorf("%s: %w", o.Base, err)
	}
	return m, nil
}

// removeFailed removes the archive if no scrape in it has succeeded, and reports
// whether it did.
func (o *ArchiveOptions) removeFailed() bool {
	var stop func() error
	if o.Write.Context != nil {
		stop = o.Write.Context.Err
	}
	r, err := archive.Open(o.Base, &archive.ReadOptions{Stop: stop})
	if err != nil {
		return false
	}
	if only, err := mapper.OnlyFailures(r, stop); err != nil || !only {
		return false
	}
	return archive.Remove(o.Base) == nil
}
