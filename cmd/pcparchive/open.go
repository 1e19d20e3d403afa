package main

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/format"
	"github.com/pcparchive/pcparchive/internal/cachedir"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

// hosts are the archives that operands name. Every verb opens archives by
// openHosts, and reports their problems by reportProblems.
type hosts struct {
	*store.Hosts
	s streams
	// ignoreTail suppresses the message for a last record that is still being
	// written.
	ignoreTail bool
	single     bool // the operand is one archive, not a folder or a list
	names      flatten.HostNames
	zones      zoneFlags
}

// openHosts opens the archives that operands name. It fails if an operand names
// no archive, or if no archive can be read.
func openHosts(s streams, operands []string) (*hosts, error) {
	return openHostsFrom(s, operands, nil)
}

// openHostsFrom is openHosts with a cache, which may be nil. hosts.Remember adds to it.
func openHostsFrom(s streams, operands []string, dir *cachedir.Dir) (*hosts, error) {
	paths := splitOperands(operands)
	found, err := store.OpenRemembering(paths, &archive.ReadOptions{Stop: s.ended}, dir)
	if err != nil {
		return nil, explainNotArchive(err)
	}
	return &hosts{Hosts: found, s: s, single: len(paths) == 1 && !isFolder(paths[0])}, nil
}

// explainNotArchive adds to an error about a path without archives which command
// reads the path, and makes an impossible path a usage error.
func explainNotArchive(err error) error {
	var e *store.NotArchiveError
	if !errors.As(err, &e) {
		return err
	}
	switch e.Reason {
	case store.EmptyName, store.Stream:
		return usageError{err}
	case store.EmptyFolder:
		if f, err := format.Detect(e.Path); err == nil && f == format.Blocks {
			return fmt.Errorf("%s: holds Prometheus blocks and no archive: 'pcparchive import tsdb' makes archives of them, 'pcparchive check --target' checks them", e.Path)
		}
	}
	return err
}

// openHost is openHosts for verbs that want the archives of one host.
func openHost(s streams, operands []string) (*hosts, *store.Set, error) {
	h, err := openHosts(s, operands)
	if err != nil {
		return nil, nil, err
	}
	set, err := h.Only()
	var several *store.HostsError
	if errors.As(err, &several) {
		err = usageError{fmt.Errorf("archives of %d hosts, among them %s and %s: name those of one host", len(several.Hosts), several.Hosts[0], several.Hosts[1])}
	}
	return h, set, err
}

// Location returns the time zone of the flags, or else that of the first host.
func (h *hosts) Location() *time.Location { return h.zones.or(h.Hosts.Location()) }

// zoneOf returns the time zone of the flags, or else that of a host's archives.
func (h *hosts) zoneOf(set *store.Set) *time.Location { return h.zones.or(set.Location()) }

// clashes returns the names that several hosts share in the archives of a time,
// and reports them.
func (h *hosts) clashes(from, to pcp.Timestamp) *flatten.HostClashes {
	clashes := h.names.Clashes(h.Sets(), from, to)
	for _, line := range clashes.Lines() {
		fmt.Fprintln(h.s.err, line)
	}
	return clashes
}

// reportProblems prints what could not be read so far, and returns errSkipped if
// there is anything.
func (h *hosts) reportProblems() error {
	return h.report(func(p store.Problem) bool { return !h.ignoreTail || !p.Tail })
}

// reportSkipped is reportProblems without damage inside archives, for verbs whose
// listing shows it.
func (h *hosts) reportSkipped() error {
	return h.report(func(p store.Problem) bool { return p.Skipped })
}

func (h *hosts) report(counts func(store.Problem) bool) error {
	return reportLeftOut(h.s, slices.DeleteFunc(h.Problems(), func(p store.Problem) bool { return !counts(p) }), nil)
}

// reportLeftOut prints problems, and the damage in a report on a copy that they do not name.
// It returns errSkipped if there is any of them.
func reportLeftOut(s streams, problems []store.Problem, damage []error) error {
	for _, err := range damage {
		named := func(p store.Problem) bool { return p.Err.Error() == err.Error() }
		if !slices.ContainsFunc(problems, named) {
			problems = append(problems, store.Problem{Err: err})
		}
	}
	for _, p := range problems {
		fmt.Fprintln(s.err, p)
	}
	if len(problems) > 0 {
		return errSkipped
	}
	return nil
}

// timeline is one archive, or the archives of a host or of several.
type timeline interface {
	Header() *archive.Header
	End() (pcp.Timestamp, error)
	Location() *time.Location
}

// roughTimeline is a timeline whose end is known without decompressing data.
type roughTimeline struct{ *store.Set }

// End returns about when the last record was written.
func (t roughTimeline) End() (pcp.Timestamp, error) { return t.Ending() }
