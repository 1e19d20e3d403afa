package main

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/pcp"
)

// errOtherHost says that an archive is of another host than the URLs.
var errOtherHost = fmt.Errorf("%w", pcp.ErrMismatch)

// openRecording begins the archive of a recording, or continues it, and returns
// the mapper that goes with it.
func openRecording(s streams, o recordOptions, host string, report *prom.Report) (*mapper.Mapper, *archive.Appender, error) {
	options := &archive.WriteOptions{Version: o.version, VolumeSize: int64(o.volumeSize), Compress: o.compress}
	newMapper := func(prefix, host string) (*mapper.Mapper, error) {
		m, err := mapper.New(mapper.Options{
			Prefix: prefix, Host: host, External: labelsOf(o.external), Report: report,
		})
		if err != nil {
			return nil, usageError{err}
		}
		return m, nil
	}
	if _, _, err := archive.Members(o.out); o.appendTo && err == nil {
		m, a, err := o.goOn(host, *options, newMapper)
		switch {
		case err == nil:
			sayRecovered(s, a)
			return m, a, nil
		case !errors.Is(err, archive.ErrNoRecords) && (!errors.Is(err, errOtherHost) || !o.failedOnly(s)):
			return nil, nil, err
		}
	}
	m, err := newMapper(o.prefix, host)
	if err != nil {
		return nil, nil, err
	}
	a, err := archive.Create(o.out, archive.LocalHeader(host), options)
	if errors.Is(err, fs.ErrExist) && !o.appendTo && o.failedOnly(s) {
		a, err = archive.Create(o.out, archive.LocalHeader(host), options)
	}
	if err != nil {
		return nil, nil, err
	}
	sayRecovered(s, a)
	return m, a, nil
}

// sayRecovered tells what became of what was there.
func sayRecovered(s streams, a *archive.Appender) {
	for _, r := range a.Recovered() {
		fmt.Fprintln(s.err, r)
	}
}

// failedOnly removes an archive in which no scrape ever succeeded, says so and
// reports whether there was one: a wrong URL must not stand in the way of the
// right one.
func (o recordOptions) failedOnly(s streams) bool {
	r, err := archive.Open(o.out, nil)
	if err != nil {
		return false
	}
	if only, err := mapper.OnlyFailures(r); err != nil || !only {
		return false
	}
	if err := archive.Remove(o.out); err != nil {
		return false
	}
	fmt.Fprintf(s.err, "%s: held nothing but scrapes that failed; started anew\n", o.out)
	return true
}

// goOn continues an archive.
func (o recordOptions) goOn(host string, options archive.WriteOptions, newMapper func(prefix, host string) (*mapper.Mapper, error)) (*mapper.Mapper, *archive.Appender, error) {
	options.Accept = func(label archive.Header) error { return o.continues(&label, host) }
	a, err := archive.Continue(o.out, &options)
	if err != nil {
		return nil, nil, err
	}
	m, err := adopt(o, a, newMapper)
	if err != nil {
		return nil, nil, errors.Join(err, a.Close())
	}
	return m, a, nil
}

// adopt returns a mapper that goes on with the archive of a.
func adopt(o recordOptions, a *archive.Appender, newMapper func(prefix, host string) (*mapper.Mapper, error)) (*mapper.Mapper, error) {
	if last, _ := a.Last(); last.Time().After(time.Now()) {
		return nil, fmt.Errorf("%s ends at %s, which is yet to come: %w", o.out, last.Time().Format(time.RFC3339), archive.ErrOrder)
	}
	prefix := o.prefix
	if prefix == "" {
		prefix = mapper.PrefixOf(a.Meta())
	}
	m, err := newMapper(prefix, a.Header().Host)
	if err != nil {
		return nil, err
	}
	if err := m.Adopt(a.Meta()); err != nil {
		return nil, fmt.Errorf("%s: %w", o.out, err)
	}
	return m, nil
}

// continues refuses to continue an archive as another.
func (o recordOptions) continues(label *archive.Header, host string) error {
	switch {
	case label.Host != host && o.host != "":
		return fmt.Errorf("%s is of host %s, not %s: %w", o.out, label.Host, o.host, pcp.ErrMismatch)
	case label.Host != host:
		return fmt.Errorf("%s is of host %s, the URLs are of %s; if they belong together, --host %s says so: %w", o.out, label.Host, host, label.Host, errOtherHost)
	case o.version != 0 && label.Version != o.version:
		return fmt.Errorf("%s is a %s archive and stays one: %w", o.out, label.Version, pcp.ErrMismatch)
	}
	return nil
}
