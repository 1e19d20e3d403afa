package main

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/pcp"
)

// openRecording begins the archive of a recording, or continues it, and returns
// the mapper that goes with it.
func openRecording(s streams, o recordOptions, host string, report *convert.Report) (*convert.Mapper, *archive.Appender, error) {
	options := &archive.WriteOptions{Version: o.version, VolumeSize: int64(o.volumeSize), Compress: o.compress}
	newMapper := func(prefix, host string) (*convert.Mapper, error) {
		m, err := convert.NewMapper(convert.MapperOptions{
			Prefix: prefix, Host: host, External: labelsOf(o.external), Report: report,
		})
		if err != nil {
			return nil, usageError{err}
		}
		return m, nil
	}
	label, err := labelOf(o.out)
	if !o.appendTo || errors.Is(err, fs.ErrNotExist) {
		m, err := newMapper(o.prefix, host)
		if err != nil {
			return nil, nil, err
		}
		a, err := archive.Create(o.out, localHeader(host), options)
		return m, a, err
	}
	if err == nil {
		err = o.continues(label, host)
	}
	if err != nil {
		return nil, nil, err
	}
	a, err := archive.Continue(o.out, options)
	if err != nil {
		return nil, nil, err
	}
	m, err := adopt(o, a, newMapper)
	if err != nil {
		return nil, nil, errors.Join(err, a.Close())
	}
	for _, r := range a.Recovered() {
		fmt.Fprintln(s.err, r)
	}
	return m, a, nil
}

// adopt returns a mapper that goes on with the archive of a.
func adopt(o recordOptions, a *archive.Appender, newMapper func(prefix, host string) (*convert.Mapper, error)) (*convert.Mapper, error) {
	if last, _ := a.Last(); last.Time().After(time.Now()) {
		return nil, fmt.Errorf("%s ends at %s, which is yet to come: %w", o.out, last.Time().Format(time.RFC3339), archive.ErrOrder)
	}
	prefix := o.prefix
	if prefix == "" {
		prefix = convert.PrefixOf(a.Meta())
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
		return fmt.Errorf("%s is of host %s, the URLs are of %s; if they belong together, --host %s says so: %w", o.out, label.Host, host, label.Host, pcp.ErrMismatch)
	case o.version != 0 && label.Version != o.version:
		return fmt.Errorf("%s is a %s archive and stays one: %w", o.out, label.Version, pcp.ErrMismatch)
	}
	return nil
}

// labelOf reads the label of an archive, which need not be whole.
func labelOf(path string) (*archive.Header, error) {
	_, members, err := archive.Members(path)
	if err != nil {
		return nil, err
	}
	m := members[0]
	f, err := archive.OpenMember(m, nil)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	for frame, err := range archive.Frames(f.From(0), archive.Pos{File: m.Path, Role: m.Role}, 0) {
		if err != nil {
			return nil, err
		}
		return archive.DecodeHeader(frame.Payload)
	}
	return nil, &pcp.FormatError{File: m.Path, Kind: pcp.KindHeader, Detail: "empty file", Err: pcp.ErrNotArchive}
}
