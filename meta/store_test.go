package meta_test

import (
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

func at(sec int64) pcp.Timestamp { return pcp.Timestamp{Sec: sec} }

func TestStoreDescs(t *testing.T) {
	s := meta.NewStore()
	one := meta.Desc{PMID: 1, Type: pcp.Type32, InDom: pcp.InDomNull, Sem: pcp.SemCounter, Names: []string{"b.one"}}
	alias := one
	alias.Names = []string{"b.one", "alias\x00junk"}
	thief := meta.Desc{PMID: 2, Type: pcp.Type32, Names: []string{"b.one"}}
	require.NoError(t, s.AddDesc(&one))
	require.NoError(t, s.AddDesc(&alias))
	require.NoError(t, s.AddDesc(&thief))

	d, ok := s.Lookup("b.one")
	require.True(t, ok)
	assert.Equal(t, pcp.PMID(1), d.PMID, "a name stays with the metric that had it")
	assert.Equal(t, []string{"b.one", "alias"}, d.Names, "names accumulate and end at a NUL")
	d, ok = s.Desc(2)
	require.True(t, ok)
	assert.Empty(t, d.Names)
	_, ok = s.Lookup("b")
	assert.False(t, ok)
	_, ok = s.Desc(3)
	assert.False(t, ok)

	var order []pcp.PMID
	for d := range s.Metrics() {
		order = append(order, d.PMID)
	}
	assert.Equal(t, []pcp.PMID{2, 1}, order)
	assert.Equal(t, 3, s.Counts()[pcp.KindDesc])
}

func TestStoreConflicts(t *testing.T) {
	base := meta.Desc{PMID: 1, Type: pcp.Type32, InDom: 7, Sem: pcp.SemCounter, Names: []string{"m"}}
	for what, change := range map[string]func(d *meta.Desc){
		"type":            func(d *meta.Desc) { d.Type = pcp.Type64 },
		"semantics":       func(d *meta.Desc) { d.Sem = pcp.SemInstant },
		"instance domain": func(d *meta.Desc) { d.InDom = 8 },
		"units":           func(d *meta.Desc) { d.Units.ExtraScale = 1 },
	} {
		s, other := meta.NewStore(), base
		change(&other)
		require.NoError(t, s.AddDesc(&base))
		err := s.AddDesc(&other)
		require.ErrorIs(t, err, pcp.ErrMismatch)
		assert.EqualError(t, err, "metric 0.0.1 (m): "+what+" changes: records disagree")
	}
}

func TestStoreInDoms(t *testing.T) {
	s := meta.NewStore()
	s.AddInDom(indom(t, 20, "1late"))
	s.AddInDom(indom(t, 10, "2b 1first"))
	s.AddInDom(indom(t, 10, "1second 2b"))
	s.AddInDom(indom(t, 10, "1third"))
	s.AddInDom(indom(t, 10, "1second 2b")) // replaces its equal of the same stamp
	s.AddInDom(indom(t, 15, ""))
	s.AddDelta(&meta.InDomDelta{Stamp: at(30), ID: 7, Changes: []meta.Change{{Instance: meta.Instance{ID: 4, Name: "d"}}}})
	s.AddDelta(&meta.InDomDelta{Stamp: at(40), ID: 7, Changes: []meta.Change{{Instance: meta.Instance{ID: 1}, Remove: true}}})
	for _, tt := range []struct {
		name  string
		sec   int64
		want  string // "" if no instance domain is in force
		until pcp.Timestamp
	}{
		{"before the first", 9, "", at(10)},
		{"of equal stamps the last stored holds", 10, "1second 2b", at(20)},
		{"one without instances has no effect", 19, "1second 2b", at(20)},
		{"next", 20, "1late", at(30)},
		{"delta", 35, "1late 4d", at(40)},
		{"delta upon delta", 40, "4d", pcp.MaxTime},
		{"backwards again", 30, "1late 4d", at(40)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in, until := s.InDomAt(7, at(tt.sec))
			assert.Equal(t, tt.until, until)
			if tt.want == "" {
				assert.Nil(t, in)
				return
			}
			assert.Equal(t, instances(t, tt.want), in.Instances)
			again, _ := s.InDomAt(7, at(tt.sec))
			assert.Same(t, in, again)
		})
	}
	in, until := s.InDomAt(8, at(1))
	assert.Nil(t, in)
	assert.Equal(t, pcp.MaxTime, until)
	assert.Equal(t, []pcp.InDomID{7}, slices.Collect(s.InDoms()))

	var versions []string
	for v := range s.InDomVersions(7) {
		versions = append(versions, v.Instances[0].Name)
	}
	assert.Equal(t, []string{"first", "third", "second", "late", "late", "d"}, versions)
	assert.Empty(t, slices.Collect(s.InDomVersions(8)))
}

func TestStoreDeltaWithoutDomain(t *testing.T) {
	s := meta.NewStore()
	s.AddDelta(&meta.InDomDelta{Stamp: at(1), ID: 7, Changes: []meta.Change{
		{Instance: meta.Instance{ID: 1}, Remove: true}, {Instance: meta.Instance{ID: 2, Name: "b"}},
	}})
	in, _ := s.InDomAt(7, at(1))
	assert.Equal(t, instances(t, "2b"), in.Instances)
}

// TestStoreInDomsConcurrently reads one timeline in opposite directions.
func TestStoreInDomsConcurrently(t *testing.T) {
	s := meta.NewStore()
	s.AddInDom(indom(t, 0, "0a"))
	for sec := range int64(50) {
		s.AddDelta(&meta.InDomDelta{Stamp: at(sec + 1), ID: 7, Changes: []meta.Change{{Instance: meta.Instance{ID: pcp.InstID(sec + 1), Name: "x"}}}})
	}
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			for i := range 51 {
				sec := i
				if worker%2 == 0 {
					sec = 50 - i
				}
				in, _ := s.InDomAt(7, at(int64(sec)))
				assert.Len(t, in.Instances, sec+1)
				_, ok := in.Lookup(pcp.InstID(sec))
				assert.True(t, ok)
				_, ok = in.Lookup(pcp.InstID(sec + 1))
				assert.False(t, ok)
			}
		})
	}
	wg.Wait()
}

func TestStoreLabels(t *testing.T) {
	s := meta.NewStore()
	add := func(sec int64, level labelset.Level, ident uint32, texts ...string) {
		l := &meta.Labels{Stamp: at(sec), Level: level, Ident: ident}
		for i, text := range texts {
			set, err := labelset.Parse(text, level)
			require.NoError(t, err)
			l.Sets = append(l.Sets, labelset.Instance{Inst: pcp.InstID(len(texts) - 1 - i), Set: set})
		}
		s.AddLabels(l)
	}
	add(20, labelset.Instances, 7, `{"n":"late"}`)
	add(10, labelset.Instances, 7, `{"n":"one"}`, `{"n":"zero"}`)
	add(10, labelset.Instances, 7, `{"n":"second"}`)
	add(10, labelset.Context, 12345, `{"n":"context"}`)
	for _, tt := range []struct {
		name  string
		sec   int64
		inst  pcp.InstID
		want  string
		until pcp.Timestamp
	}{
		{"before the first", 9, 0, "", at(10)},
		{"of equal stamps the first stored holds", 10, 0, "zero", at(20)},
		{"another instance", 19, 1, "one", at(20)},
		{"no such instance", 19, 2, "", at(20)},
		{"replaced as a whole", 20, 1, "", pcp.MaxTime},
		{"replaced", 30, 0, "late", pcp.MaxTime},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l, until := s.LabelsAt(labelset.Instances, 7, at(tt.sec))
			assert.Equal(t, tt.until, until)
			set, _ := l.Find(tt.inst)
			assert.Equal(t, tt.want, set.Text("n"))
		})
	}
	l, _ := s.LabelsAt(labelset.Context, meta.ContextIdent, at(10))
	require.NotNil(t, l, "context labels are found whatever their identifier")
	l, _ = s.LabelsAt(labelset.Domain, 7, at(10))
	assert.Nil(t, l)

	var order []labelset.Level
	for l := range s.AllLabels() {
		order = append(order, l.Level)
	}
	assert.Equal(t, []labelset.Level{labelset.Context, labelset.Instances, labelset.Instances, labelset.Instances}, order)
}

func TestStoreTexts(t *testing.T) {
	s := meta.NewStore()
	s.AddText(&meta.Text{Type: meta.TextPMID | meta.TextOneLine, Ident: 1, Text: "old"})
	s.AddText(&meta.Text{Type: meta.TextPMID | meta.TextOneLine, Ident: 1, Text: "short"})
	s.AddText(&meta.Text{Type: meta.TextPMID | meta.TextHelp, Ident: 1, Text: ""})
	s.AddText(&meta.Text{Type: meta.TextPMID | meta.TextHelp, Ident: 2, Text: "long"})
	assert.Equal(t, "short", s.OneLine(1), "the last record holds")
	assert.Equal(t, "short", s.Help(1), "without long help the one line serves")
	assert.Equal(t, "long", s.Help(2))
	assert.Empty(t, s.OneLine(2))
	_, ok := s.Text(meta.TextInDom|meta.TextHelp, 1)
	assert.False(t, ok)
	text, ok := s.Text(meta.TextPMID|meta.TextHelp, 1)
	assert.True(t, ok)
	assert.Empty(t, text)
}

func TestMatches(t *testing.T) {
	assert.True(t, meta.Matches("kernel.all.load", "kernel.all"))
	assert.True(t, meta.Matches("kernel.all.load", "kernel.all.load"))
	assert.False(t, meta.Matches("kernel.allocated", "kernel.all"))
	assert.False(t, meta.Matches("kernel", "kernel.all"))
}

func TestSameSets(t *testing.T) {
	set, err := labelset.New(labelset.Instances, labelset.String("a", "x"))
	require.NoError(t, err)
	a := &meta.Labels{Sets: []labelset.Instance{{Inst: 1, Set: set}}}
	assert.True(t, a.SameSets(&meta.Labels{Stamp: at(9), Sets: []labelset.Instance{{Inst: 1, Set: set}}}))
	assert.False(t, a.SameSets(&meta.Labels{Sets: []labelset.Instance{{Inst: 2, Set: set}}}))
	assert.False(t, a.SameSets(&meta.Labels{Sets: []labelset.Instance{{Inst: 1, Err: pcp.ErrnoAgain}}}))
	assert.False(t, a.SameSets(&meta.Labels{}))
	set, ok := (*meta.Labels)(nil).Find(1)
	assert.False(t, ok)
	assert.Zero(t, set)
}

func TestStoreClone(t *testing.T) {
	s := meta.NewStore()
	indom := func(sec int64, name string) *meta.InDom {
		return &meta.InDom{Stamp: at(sec), ID: 7, Instances: []meta.Instance{{ID: 1, Name: name}}}
	}
	require.NoError(t, s.AddDesc(&meta.Desc{PMID: 1, Type: pcp.Type32, InDom: 7, Names: []string{"m"}}))
	s.AddInDom(indom(10, "a"))
	s.AddText(&meta.Text{Type: meta.TextPMID | meta.TextOneLine, Ident: 1, Text: "before"})
	before, _ := s.Desc(1)

	c := s.Clone()
	same, _ := c.Desc(1)
	assert.Same(t, before, same)
	require.NoError(t, c.AddDesc(&meta.Desc{PMID: 1, Type: pcp.Type32, InDom: 7, Names: []string{"alias", "further"}}))
	require.NoError(t, c.AddDesc(&meta.Desc{PMID: 2, Type: pcp.Type32, Names: []string{"other"}}))
	c.AddInDom(indom(20, "b"))
	c.AddText(&meta.Text{Type: meta.TextPMID | meta.TextOneLine, Ident: 1, Text: "after"})
	c.AddLabels(&meta.Labels{Stamp: at(5), Level: labelset.Context})

	assert.Equal(t, []string{"m"}, before.Names)
	_, ok := s.Lookup("other")
	assert.False(t, ok)
	in, until := s.InDomAt(7, at(30))
	assert.Equal(t, "a", in.Instances[0].Name)
	assert.Equal(t, pcp.MaxTime, until)
	assert.Equal(t, "before", s.OneLine(1))
	assert.Empty(t, slices.Collect(s.AllLabels()))

	now, ok := c.Lookup("further")
	require.True(t, ok)
	assert.Equal(t, []string{"m", "alias", "further"}, now.Names)
	in, _ = c.InDomAt(7, at(30))
	assert.Equal(t, "b", in.Instances[0].Name)
	in, until = c.InDomAt(7, at(10))
	assert.Equal(t, "a", in.Instances[0].Name)
	assert.Equal(t, at(20), until)
	assert.Equal(t, "after", c.OneLine(1))
	assert.Equal(t, 3, c.Counts()[pcp.KindDesc])
}

func TestDescriptions(t *testing.T) {
	s := meta.NewStore()
	one := &meta.Desc{PMID: 1, Type: pcp.Type32, Names: []string{"m.one"}}
	require.NoError(t, s.AddDesc(one))
	derived := 0
	count := func(all []*meta.Desc) any {
		derived++
		return len(all)
	}
	assert.Equal(t, 1, s.Descriptions().Memo("n", count))
	assert.Equal(t, 1, s.Descriptions().Memo("n", count))
	assert.Equal(t, 1, derived)
	assert.True(t, s.Descriptions().Unordered())

	shared := s.Descriptions()
	other := meta.NewStore()
	other.Describe(shared)
	require.NoError(t, other.AddDesc(one), "a repetition")
	assert.False(t, other.Descriptions().Unordered(), "another order may give another result")
	require.NoError(t, other.AddDesc(&meta.Desc{PMID: 2, Type: pcp.Type32, Names: []string{"m.two"}}))
	assert.Equal(t, 2, other.Descriptions().Memo("n", count))
	assert.Equal(t, 1, shared.Memo("n", count))
	assert.Equal(t, 1, s.Counts()[pcp.KindDesc])
	assert.Equal(t, 3, other.Counts()[pcp.KindDesc])
}
