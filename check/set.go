package check

import (
	"maps"
	"slices"
	"strings"

	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// set is what archives are held against: the earlier ones of the same host.
type set struct {
	*sink
	hosts map[string]*hostState
}

// hostState is what the archives of one host have said.
type hostState struct {
	descs map[pcp.PMID]described
	names map[string]named
	spans []span
}

type described struct {
	desc    *meta.Desc
	archive string
}

type named struct {
	id      pcp.PMID
	archive string
}

// span is the time that an archive covers.
type span struct {
	archive    string
	start, end pcp.Timestamp
}

func newSet(s *sink) *set { return &set{sink: s, hosts: map[string]*hostState{}} }

// add holds an archive that was checked against those before it.
func (s *set) add(c *checker) {
	if c.header == nil || c.metaFile == nil {
		return
	}
	h := s.hosts[c.header.Host]
	if h == nil {
		h = &hostState{descs: map[pcp.PMID]described{}, names: map[string]named{}}
		s.hosts[c.header.Host] = h
	}
	for _, id := range slices.Sorted(maps.Keys(c.descs)) {
		d, _ := c.store.Desc(id)
		s.describe(h, c, d)
	}
	if c.data.records > 0 {
		s.cover(h, c)
	}
}

// describe holds one descriptor against the ones before it.
func (s *set) describe(h *hostState, c *checker, d *meta.Desc) {
	old, known := h.descs[d.PMID]
	if !known {
		h.descs[d.PMID] = described{d, c.archive}
	} else if what := old.desc.Conflict(d); what != "" {
		s.sink.add(SetConflict, c.metaFile.Path, c.descs[d.PMID], "metric %s: differs in %s from archive %s", title(d, d.PMID), what, old.archive)
	}
	if known && !old.desc.SameNames(d) {
		s.sink.add(SetRenamed, c.metaFile.Path, c.descs[d.PMID], "metric %s: name changed from %s in archive %s to %s",
			d.PMID, strings.Join(old.desc.Names, ", "), old.archive, strings.Join(d.Names, ", "))
	}
	for _, name := range d.Names {
		if was, taken := h.names[name]; !taken {
			h.names[name] = named{d.PMID, c.archive}
		} else if was.id != d.PMID {
			s.sink.add(SetName, c.metaFile.Path, c.descs[d.PMID], "metric %s: its name %s is that of %s in archive %s", d.PMID, name, was.id, was.archive)
		}
	}
}

// cover holds the time that an archive covers against the ones before it.
func (s *set) cover(h *hostState, c *checker) {
	now := span{c.archive, c.header.Start, c.data.end}
	for _, was := range h.spans {
		switch {
		case now.start == was.start:
			s.sink.add(SetSame, c.first.Path, 0, "the archive starts at %s, as archive %s does", now.start, was.archive)
		case now.start.Before(was.end) && was.start.Before(now.end):
			s.sink.add(SetOverlap, c.first.Path, 0, "the archive, from %s to %s, overlaps archive %s, from %s to %s", now.start, now.end, was.archive, was.start, was.end)
		}
	}
	h.spans = append(h.spans, now)
}
