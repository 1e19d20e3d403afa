package meta

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/pcp"
)

// Store holds the metadata of an archive as a timeline. Add records in file
// order. Each query takes a time and uses the newest record that is not later.
// Results are shared and must not be changed. Several goroutines may read a
// Store, but not while another adds records.
type Store struct {
	about  *Descriptions
	indoms map[pcp.InDomID]*inDomTimeline
	labels map[labelKey]*labelTimeline
	groups []*Labels // the first record of each cluster
	counts Counts    // of records with a time
}

// Counts are the numbers of records added, by kind.
type Counts [pcp.NumKinds]int

type labelKey struct {
	level labelset.Level
	ident uint32
}

type textKey struct {
	typ   TextType
	ident uint32
}

// NewStore returns an empty Store.
func NewStore() *Store {
	return &Store{
		about:  newDescriptions(),
		indoms: map[pcp.InDomID]*inDomTimeline{},
		labels: map[labelKey]*labelTimeline{},
	}
}

// Counts returns the number of records added, by kind.
func (s *Store) Counts() Counts {
	n := s.counts
	for kind, more := range s.about.counts {
		n[kind] += more
	}
	return n
}

// AddDesc adds a descriptor. If its PMID is known, AddDesc adds its names to
// that metric. It rejects a descriptor that contradicts the known one, with an
// error that wraps [pcp.ErrMismatch]. A name already in use stays with the
// metric that has it.
func (s *Store) AddDesc(d *Desc) error {
	return s.change().add(d)
}

// Clone returns a Store with the same records. Records added to it do not show in s,
// to which no record may be added any more.
func (s *Store) Clone() *Store {
	c := &Store{
		about: s.Descriptions(), counts: s.counts, groups: slices.Clone(s.groups),
		indoms: make(map[pcp.InDomID]*inDomTimeline, len(s.indoms)),
		labels: make(map[labelKey]*labelTimeline, len(s.labels)),
	}
	for id, tl := range s.indoms {
		tl.settle()
		c.indoms[id] = &inDomTimeline{timeline: timeline[version]{records: slices.Clone(tl.records)}}
	}
	for key, tl := range s.labels {
		c.labels[key] = &labelTimeline{timeline[*Labels]{records: slices.Clone(tl.ordered())}}
	}
	return c
}

// AddInDom adds a complete instance domain and takes ownership of it. As in
// PCP, a domain without instances has no effect.
func (s *Store) AddInDom(in *InDom) {
	s.counts[pcp.KindInDom]++
	if len(in.Instances) > 0 {
		s.timeline(in.ID).add(version{stamp: in.Stamp, full: &InDom{Stamp: in.Stamp, ID: in.ID, Instances: in.sorted()}})
	}
}

// AddDelta adds a change of an instance domain and takes ownership of it.
func (s *Store) AddDelta(d *InDomDelta) {
	s.counts[pcp.KindInDomDelta]++
	s.timeline(d.ID).add(version{stamp: d.Stamp, delta: d})
}

func (s *Store) timeline(id pcp.InDomID) *inDomTimeline {
	tl, ok := s.indoms[id]
	if !ok {
		tl = &inDomTimeline{}
		s.indoms[id] = tl
	}
	return tl
}

// AddLabels adds label sets and takes ownership of them.
func (s *Store) AddLabels(l *Labels) {
	s.counts[pcp.KindLabels]++
	ident := l.Ident
	if l.Level == labelset.Context {
		ident = ContextIdent // all context labels get the same identifier
	}
	key := labelKey{l.Level, ident}
	tl, ok := s.labels[key]
	if !ok {
		tl = &labelTimeline{}
		s.labels[key] = tl
		if l.Level == labelset.Cluster {
			s.groups = append(s.groups, l)
		}
	}
	tl.add(l.sorted())
}

// FirstOfClusters returns the first label record of each cluster, as added.
func (s *Store) FirstOfClusters() []*Labels { return s.groups }

// AddText adds a text. It replaces a text of the same type and identifier.
func (s *Store) AddText(t *Text) {
	d := s.change()
	d.counts[pcp.KindText]++
	d.texts[textKey{t.Type, t.Ident}] = t.Text
}

// Desc returns the descriptor of a metric.
func (s *Store) Desc(id pcp.PMID) (*Desc, bool) {
	d, ok := s.about.descs[id]
	return d, ok
}

// Lookup returns the descriptor of the metric called name.
func (s *Store) Lookup(name string) (*Desc, bool) {
	id, ok := s.about.names[name]
	if !ok {
		return nil, false
	}
	return s.Desc(id)
}

// Metrics yields all descriptors by ascending first name, starting with
// nameless metrics.
func (s *Store) Metrics() iter.Seq[*Desc] {
	return slices.Values(s.about.metrics())
}

// Matches reports whether the metric is name itself or lies in the subtree of
// name.
func Matches(metric, name string) bool {
	rest, ok := strings.CutPrefix(metric, name)
	return ok && (rest == "" || rest[0] == '.')
}

// InDoms yields the identifiers of all instance domains, ascending.
func (s *Store) InDoms() iter.Seq[pcp.InDomID] {
	return slices.Values(slices.Sorted(maps.Keys(s.indoms)))
}

// InDomAt returns the instance domain in force at t, nil if none is. The result
// holds before the time until. Consecutive calls return the same pointer for
// the same version.
func (s *Store) InDomAt(id pcp.InDomID, t pcp.Timestamp) (in *InDom, until pcp.Timestamp) {
	tl, ok := s.indoms[id]
	if !ok {
		return nil, pcp.MaxTime
	}
	return tl.at(t)
}

// InDomVersions yields every version of an instance domain, expanded, by
// ascending time.
func (s *Store) InDomVersions(id pcp.InDomID) iter.Seq[*InDom] {
	return func(yield func(*InDom) bool) {
		tl := s.indoms[id]
		for i := range tl.len() {
			if !yield(tl.version(i)) {
				return
			}
		}
	}
}

// LabelsAt returns the label record in force at t for a level and identifier,
// nil if none is. The result holds before the time until.
func (s *Store) LabelsAt(level labelset.Level, ident uint32, t pcp.Timestamp) (l *Labels, until pcp.Timestamp) {
	tl, ok := s.labels[labelKey{level, ident}]
	if !ok {
		return nil, pcp.MaxTime
	}
	return tl.at(t)
}

// AllLabels yields every label record by level, then identifier, then time.
func (s *Store) AllLabels() iter.Seq[*Labels] {
	keys := slices.SortedFunc(maps.Keys(s.labels), func(a, b labelKey) int {
		return cmp.Or(cmp.Compare(a.level, b.level), cmp.Compare(a.ident, b.ident))
	})
	return func(yield func(*Labels) bool) {
		for _, k := range keys {
			for _, l := range s.labels[k].ordered() {
				if !yield(l) {
					return
				}
			}
		}
	}
}

// Hostnames returns the values of the label hostname in the context labels, in the
// order of their records.
func (s *Store) Hostnames() (names []string) {
	for l := range s.LevelLabels(labelset.Context) {
		for _, set := range l.Sets {
			if name, ok := set.Set.Lookup("hostname"); ok && !slices.Contains(names, name.Text()) {
				names = append(names, name.Text())
			}
		}
	}
	return names
}

// HasLabels reports whether there is a label record of a level.
func (s *Store) HasLabels(level labelset.Level) bool {
	for k := range s.labels {
		if k.level == level {
			return true
		}
	}
	return false
}

// LevelLabels yields the label records of a level by identifier, then time.
func (s *Store) LevelLabels(level labelset.Level) iter.Seq[*Labels] {
	var idents []uint32
	for k := range s.labels {
		if k.level == level {
			idents = append(idents, k.ident)
		}
	}
	slices.Sort(idents)
	return func(yield func(*Labels) bool) {
		for _, id := range idents {
			for _, l := range s.labels[labelKey{level, id}].ordered() {
				if !yield(l) {
					return
				}
			}
		}
	}
}

// Text returns the text of exactly the given type.
func (s *Store) Text(t TextType, ident uint32) (string, bool) {
	text, ok := s.about.texts[textKey{t, ident}]
	return text, ok
}

// Texts yields all help texts by type, then identifier.
func (s *Store) Texts() iter.Seq[Text] {
	keys := slices.SortedFunc(maps.Keys(s.about.texts), func(a, b textKey) int {
		return cmp.Or(cmp.Compare(a.typ, b.typ), cmp.Compare(a.ident, b.ident))
	})
	return func(yield func(Text) bool) {
		for _, k := range keys {
			if !yield(Text{Type: k.typ, Ident: k.ident, Text: s.about.texts[k]}) {
				return
			}
		}
	}
}

// Help returns the long help of a metric, or its one-line help if it has no
// long help.
func (s *Store) Help(id pcp.PMID) string {
	if text, _ := s.Text(TextPMID|TextHelp, uint32(id)); text != "" {
		return text
	}
	return s.OneLine(id)
}

// OneLine returns the one-line help of a metric.
func (s *Store) OneLine(id pcp.PMID) string {
	text, _ := s.Text(TextPMID|TextOneLine, uint32(id))
	return text
}
