package check

import (
	"fmt"
	"strings"

	"github.com/pcparchive/pcparchive/finding"
)

// lossCodes are the codes of damage that causes other findings.
var lossCodes = map[finding.Code]bool{
	FileMissing: true, FileUnreadable: true, FileCompressed: true, FileEmpty: true, VolumeMissing: true,
	FrameLength: true, FrameTrailer: true, FrameTorn: true, FrameLost: true, MetaRecord: true, MetaTag: true, DescConflict: true,
}

// metaConsequences are the codes of findings that lost metadata causes.
var metaConsequences = map[finding.Code]bool{
	MetricUnknown: true, EventMetric: true, ValueInDom: true, ValueInstance: true, DescInDom: true, InDomIdent: true,
	DeltaBase: true, DeltaAdd: true, DeltaRemove: true, LabelsIdent: true, LabelsInstance: true, TextIdent: true,
}

// maxHeld is the largest number of findings that wait for the consequences of an earlier
// one.
const maxHeld = 10_000

// cause is a finding of damage with the findings that it causes.
type cause struct {
	finding finding.Finding
	counts  map[finding.Code]int // number of consequences by code
	held    int                  // index in causes.held; -1 once the finding was yielded
}

// causes are the damage of the archive being checked, and the findings held back
// because of it.
type causes struct {
	// byFile has the first damage of each file. The damage of missing volumes is at the
	// archive's base path.
	byFile   map[string]*cause
	order    []*cause
	metaPath string            // path of the metadata file
	hasMeta  bool              // the metadata file exists
	held     []finding.Finding // findings held back
	holding  bool              // put holds findings back
}

// note records a finding of damage. The first damage of a file is the cause of later
// findings, so the sink holds findings back from then on.
func (s *sink) note(f finding.Finding) {
	if !lossCodes[f.Code] {
		return
	}
	key := f.File
	switch {
	case f.Code == FileMissing && s.hasMeta:
		return // without data volumes nothing is checked that could follow
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

// follows reports whether damage of a file explains a finding with the given code. If so,
// it counts the finding as a consequence.
func (s *sink) follows(file string, code finding.Code) bool {
	c := s.byFile[file]
	if c != nil && s.wants(code) {
		c.counts[code]++
	}
	return c != nil
}

// release yields the findings held back, each with its consequences. Consequences of a
// finding that was yielded before come in a further finding.
func (s *sink) release() {
	for _, c := range s.order {
		if c.held >= 0 && c.held < len(s.held) {
			c.addConsequences(&s.held[c.held])
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
			f.Message = "more consequences of this damage"
			c.addConsequences(&f)
			s.hand(f)
		}
		c.held, c.counts = -1, map[finding.Code]int{}
	}
}

// addConsequences adds the consequences to a finding.
func (c *cause) addConsequences(f *finding.Finding) {
	var all []string
	for _, info := range Codes() {
		if n := c.counts[info.Code]; n > 0 {
			f.Follows = append(f.Follows, finding.Consequence{Code: info.Code, Count: n})
			all = append(all, fmt.Sprintf("%d %s", n, info.Code))
		}
	}
	if len(all) > 0 {
		f.Message += "; consequences: " + strings.Join(all, ", ")
	}
}
