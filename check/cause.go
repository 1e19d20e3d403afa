package check

import (
	"fmt"
	"strings"

	"github.com/pcparchive/pcparchive/finding"
)

// lossCodes are findings of damage from which other findings follow.
var lossCodes = map[finding.Code]bool{
	FileMissing: true, FileUnreadable: true, FileCompressed: true, FileEmpty: true, VolumeMissing: true,
	FrameLength: true, FrameTrailer: true, FrameTorn: true, FrameLost: true, MetaRecord: true, MetaTag: true, DescConflict: true,
}

// metaConsequences are what follows from metadata that is lost.
var metaConsequences = map[finding.Code]bool{
	MetricUnknown: true, EventMetric: true, ValueInDom: true, ValueInstance: true, DescInDom: true, InDomIdent: true,
	DeltaBase: true, DeltaAdd: true, DeltaRemove: true, LabelsIdent: true, LabelsInstance: true, TextIdent: true,
}

// maxHeld bounds the findings that wait for the consequences of one before them.
const maxHeld = 10_000

// cause is a finding of damage and what follows from it.
type cause struct {
	finding finding.Finding
	counts  map[finding.Code]int
	held    int // place among the findings that wait; -1: yielded
}

// causes are those of the archive being checked, by the file that is damaged; for
// missing volumes, by the archive's base path.
type causes struct {
	byFile   map[string]*cause
	order    []*cause
	metaPath string // of the archive
	hasMeta  bool   // it is there
	held     []finding.Finding
	holding  bool
}

// note takes notice of damage: the first of a file is the cause of what follows.
// From then on findings are held back.
func (s *sink) note(f finding.Finding) {
	if !lossCodes[f.Code] {
		return
	}
	key := f.File
	switch {
	case f.Code == FileMissing && s.hasMeta:
		return // there are no data from which anything could follow
	case f.Code == FileMissing:
		key = s.metaPath
	}
	if s.byFile[key] != nil {
		return
	}
	if s.byFile == nil {
		s.byFile = map[string]*cause{}
	}
	c := &cause{finding: f, counts: map[finding.Code]int{}, held: len(s.held)}
	s.byFile[key] = c
	s.order = append(s.order, c)
	s.holding = true
}

// follows reports whether a finding follows from damage of a file, and counts it
// there.
func (s *sink) follows(file string, code finding.Code) bool {
	c := s.byFile[file]
	if c != nil && s.wants(code) {
		c.counts[code]++
	}
	return c != nil
}

// release yields the findings that wait. What follows later from one of them is
// told at the end.
func (s *sink) release() {
	for _, c := range s.order {
		if c.held >= 0 && c.held < len(s.held) {
			c.tell(&s.held[c.held])
		}
	}
	s.holding = false
	for _, f := range s.held {
		s.hand(f)
	}
	s.held = s.held[:0]
	for _, c := range s.order {
		if c.held < 0 && len(c.counts) > 0 {
			f := c.finding
			f.Message = "as was said"
			c.tell(&f)
			s.hand(f)
		}
		c.held, c.counts = -1, map[finding.Code]int{}
	}
}

// tell adds to a finding what follows from it.
func (c *cause) tell(f *finding.Finding) {
	var all []string
	for _, info := range Codes() {
		if n := c.counts[info.Code]; n > 0 {
			f.Follows = append(f.Follows, finding.Consequence{Code: info.Code, Count: n})
			all = append(all, fmt.Sprintf("%d %s", n, info.Code))
		}
	}
	if len(all) > 0 {
		f.Message += "; from this follow " + strings.Join(all, ", ")
	}
}
