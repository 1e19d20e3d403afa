package main

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/pcp"
)

// archivesHelp says how archives are named, for the help of a verb.
const archivesHelp = `ARCHIVE is an archive's base name, any of its files, or a folder: all archives in
it. Several, also separated by commas, are one timeline of a host: a gap between
two of them is a mark, and each is read by its own metadata. What is damaged is
named and the rest is read.`

// hosts are the archives that operands name, one timeline for each host. It is
// how every verb opens archives, and names what cannot be read of them.
type hosts struct {
	s    streams
	sets []*archive.Set
	bad  []archive.Problem // of archives whose host is not known
	// living takes a last archive that ends inside a record to be one that is
	// still being written, which needs no mention.
	living bool
	single bool // one archive was named as such
}

// openHosts opens what operands name. It fails if an operand names nothing, or
// no archive can be read.
func openHosts(s streams, operands []string) (*hosts, error) {
	paths := splitOperands(operands)
	for _, path := range paths {
		if !namesArchive(path) {
			_, _, err := archive.Members(path)
			return nil, err
		}
	}
	h := &hosts{s: s, single: len(paths) == 1 && !isFolder(paths[0])}
	var err error
	if h.sets, h.bad, err = archive.OpenSets(paths, nil); err != nil {
		return nil, err
	}
	if h.single && len(h.sets) == 1 {
		for range h.sets[0].Readers() {
			continue // it names what is wrong with the only archive
		}
	}
	return h, h.unusable()
}

// readers yields the archives of all hosts.
func (h *hosts) readers() iter.Seq[*archive.Reader] {
	return func(yield func(*archive.Reader) bool) {
		for _, set := range h.sets {
			for r := range set.Readers() {
				if !yield(r) {
					return
				}
			}
		}
	}
}

// Header returns the label of the archive that begins first.
func (h *hosts) Header() *archive.Header {
	first := h.sets[0].Header()
	for _, set := range h.sets {
		if set.Header().Start.Before(first.Start) {
			first = set.Header()
		}
	}
	return first
}

// End returns the time of the last record of all.
func (h *hosts) End() (end pcp.Timestamp, err error) {
	for _, set := range h.sets {
		t, err := set.End()
		if err != nil {
			return end, err
		}
		if t.After(end) {
			end = t
		}
	}
	return end, nil
}

// Location returns the time zone of the first host.
func (h *hosts) Location() *time.Location { return h.sets[0].Location() }

// unusable returns why nothing at all can be read, as far as it is known; nil if
// something can.
func (h *hosts) unusable() error {
	var all []error
	for _, p := range h.bad {
		all = append(all, p.Err)
	}
	for _, set := range h.sets {
		skipped := 0
		for _, p := range set.Problems() {
			if p.Skipped {
				skipped++
				all = append(all, p.Err)
			}
		}
		if skipped < len(set.Archives()) {
			return nil
		}
	}
	return errors.Join(all...)
}

// sayProblems names on standard error what could not be read so far, and returns
// errSkipped if there is anything.
func (h *hosts) sayProblems() error {
	return h.say(func(archive.Problem) bool { return true })
}

// saySkipped is sayProblems for verbs that tell themselves how far they read.
func (h *hosts) saySkipped() error {
	return h.say(func(p archive.Problem) bool { return p.Skipped })
}

func (h *hosts) say(worth func(archive.Problem) bool) error {
	problems := slices.Clone(h.bad)
	for _, set := range h.sets {
		all := set.Archives()
		for _, p := range set.Problems() {
			if h.living && p.Archive == all[len(all)-1].Base && errors.Is(p.Err, pcp.ErrUnfinished) {
				continue
			}
			problems = append(problems, p)
		}
	}
	problems = slices.DeleteFunc(problems, func(p archive.Problem) bool { return !worth(p) })
	for _, p := range problems {
		if p.Skipped {
			fmt.Fprintf(h.s.err, "%v; nothing of %s was used\n", p.Err, p.Archive)
		} else {
			fmt.Fprintf(h.s.err, "%v; what precedes it was used\n", p.Err)
		}
	}
	if len(problems) > 0 {
		return errSkipped
	}
	return nil
}

// splitOperands splits what is a list with commas rather than a file.
func splitOperands(operands []string) []string {
	var paths []string
	for _, o := range operands {
		if namesArchive(o) {
			paths = append(paths, o)
			continue
		}
		paths = append(paths, strings.Split(o, ",")...)
	}
	return paths
}

// namesArchive reports whether there is an archive or a folder of that name.
func namesArchive(path string) bool {
	if isFolder(path) {
		return true
	}
	_, _, err := archive.Members(path)
	return err == nil
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// splitArchives tells the archives at the beginning of a command line from the
// names of metrics that follow. The first operand is an archive.
func splitArchives(args []string) (archives, metrics []string) {
	n := 1
	for n < len(args) && isArchive(args[n]) {
		n++
	}
	return args[:n], args[n:]
}

// isArchive is namesArchive, but a folder must hold archives: it may have the
// name of a metric.
func isArchive(path string) bool {
	for _, p := range strings.Split(path, ",") {
		if isFolder(p) {
			if _, err := archive.OpenSet([]string{p}, nil); errors.Is(err, fs.ErrNotExist) {
				return false
			}
		} else if !namesArchive(p) {
			return false
		}
	}
	return true
}

// timeline is an archive, or those of a host.
type timeline interface {
	Header() *archive.Header
	End() (pcp.Timestamp, error)
	Location() *time.Location
}

// roughly is a timeline whose end is known without decompressing data.
type roughly struct{ *archive.Set }

// End returns about when the last record was written.
func (r roughly) End() (pcp.Timestamp, error) { return r.Ending() }
