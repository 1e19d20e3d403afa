package check

import (
	"maps"
	"slices"
	"strings"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// archiveSet compares each archive with the earlier archives of its host.
type archiveSet struct {
	*sink
	hosts map[string]*hostState
}

// hostState is the metadata and the times of the archives of one host.
type hostState struct {
	descs map[pcp.PMID]descOrigin
	names map[string]nameOwner
	spans []span
}

type descOrigin struct {
	desc    *meta.Desc
	archive string
}

type nameOwner struct {
	id      pcp.PMID
	archive string
}

// span is the time that an archive covers.
type span struct {
	archive    string
	start, end pcp.Timestamp
	targets    []history.Target
}

// beside reports whether archives are meant to cover the same time, as those of different
// exporters.
func (s span) beside(other span) bool {
	shares := func(t history.Target) bool { return slices.Contains(other.targets, t) }
	return len(s.targets) > 0 && len(other.targets) > 0 && !slices.ContainsFunc(s.targets, shares)
}

func newSet(s *sink) *archiveSet { return &archiveSet{sink: s, hosts: map[string]*hostState{}} }

// add compares a checked archive with the earlier ones and records it.
func (s *archiveSet) add(c *checker) {
	if c.header == nil || c.metaFile == nil {
		return
	}
	h := s.hosts[c.header.Host]
	if h == nil {
		h = &hostState{descs: map[pcp.PMID]descOrigin{}, names: map[string]nameOwner{}}
		s.hosts[c.header.Host] = h
	}
	for _, id := range slices.Sorted(maps.Keys(c.descs)) {
		d, _ := c.store.Desc(id)
		s.addDesc(h, c, d)
	}
	if c.data.records > 0 {
		s.addSpan(h, c)
	}
}

// addDesc compares a descriptor with the earlier archives' and records it.
func (s *archiveSet) addDesc(h *hostState, c *checker, d *meta.Desc) {
	old, known := h.descs[d.PMID]
	if !known {
		h.descs[d.PMID] = descOrigin{d, c.archive}
	} else if what := old.desc.Conflict(d); what != "" {
		s.sink.add(SetConflict, c.metaFile.Path, c.descs[d.PMID], "metric %s: differs in %s from archive %s", metricTitle(d, d.PMID), what, old.archive)
	}
	if known && !old.desc.SameNames(d) {
		s.sink.add(SetRenamed, c.metaFile.Path, c.descs[d.PMID], "metric %s: name changed from %s in archive %s to %s",
			d.PMID, strings.Join(old.desc.Names, ", "), old.archive, strings.Join(d.Names, ", "))
	}
	for _, name := range d.Names {
		if was, taken := h.names[name]; !taken {
			h.names[name] = nameOwner{d.PMID, c.archive}
		} else if was.id != d.PMID {
			s.sink.add(SetName, c.metaFile.Path, c.descs[d.PMID], "metric %s: its name %s is that of %s in archive %s", d.PMID, name, was.id, was.archive)
		}
	}
}

// addSpan compares an archive's time span with the earlier archives' and records it.
func (s *archiveSet) addSpan(h *hostState, c *checker) {
	now := span{c.archive, c.header.Start, c.data.end, history.TargetsOf(c.store)}
	for _, was := range h.spans {
		switch {
		case now.beside(was):
		case now.start == was.start:
			s.sink.add(SetSame, c.first.Path, 0, "the archive starts at %s, as archive %s does", now.start, was.archive)
		case now.start.Before(was.end) && was.start.Before(now.end):
			s.sink.add(SetOverlap, c.first.Path, 0, "the archive, from %s to %s, overlaps archive %s, from %s to %s", now.start, now.end, was.archive, was.start, was.end)
		}
	}
	h.spans = append(h.spans, now)
}
