package meta

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/pcp"
)

// TestPastName asks for the names of instances that the domain in force lacks, of complete
// domains and of deltas.
func TestPastName(t *testing.T) {
	full := func(sec int64, instances ...Instance) *InDom {
		return &InDom{Stamp: pcp.Timestamp{Sec: sec}, ID: someDom, Instances: instances}
	}
	versions := []*InDom{
		full(0, Instance{1, "one"}, Instance{2, "two"}, Instance{3, "shared"}),
		full(10, Instance{1, "one"}, Instance{4, "shared"}),
		full(15, Instance{1, "one"}, Instance{2, "second"}, Instance{4, "shared"}),
		full(20, Instance{4, "shared"}),
		full(30, Instance{1, "uno"}, Instance{4, "shared"}),
		full(40, Instance{4, "shared"}),
		full(641, Instance{4, "shared"}, Instance{5, "five"}),
	}
	for form, add := range map[string]func(s *Store, i int){
		"complete": func(s *Store, i int) {
			in := *versions[i]
			s.AddInDom(&in)
		},
		"deltas": func(s *Store, i int) {
			before := &InDom{}
			if i > 0 {
				before = versions[i-1]
			}
			delta, _ := Diff(before, versions[i])
			s.AddDelta(delta)
		},
		"mixed": func(s *Store, i int) {
			if in := *versions[i]; i%2 == 0 {
				s.AddInDom(&in)
				return
			}
			delta, _ := Diff(versions[i-1], versions[i])
			s.AddDelta(delta)
		},
	} {
		t.Run(form, func(t *testing.T) {
			s := NewStore()
			name := func(sec int64, id pcp.InstID) string {
				in, _ := s.InDomAt(someDom, pcp.Timestamp{Sec: sec})
				require.NotNil(t, in)
				_, listed := in.Lookup(id)
				require.False(t, listed)
				name, ok := s.PastName(in, id)
				assert.Equal(t, name != "", ok)
				return name
			}
			for i := range versions[:5] {
				add(s, i)
			}
			assert.Empty(t, name(10, 3), "another instance has the name now")
			assert.Empty(t, name(20, 3))
			assert.Equal(t, "two", name(10, 2), "not the name that comes later")
			assert.Equal(t, "one", name(25, 1))
			assert.Equal(t, "second", name(29, 2), "the last name")
			assert.Equal(t, "second", name(30, 2), "two versions later")
			assert.Empty(t, name(30, 5), "never listed")
			add(s, 5)
			add(s, 6)
			assert.Equal(t, "uno", name(40, 1), "versions that came since the last question count")
			assert.Equal(t, "one", name(20, 1))
			assert.Empty(t, name(40, 5), "a name that comes later")
			assert.Empty(t, name(641, 1), "ten minutes later the number may be another's")
			assert.Empty(t, name(641, 2))
		})
	}
	name, ok := NewStore().PastName(full(1), 1)
	assert.False(t, ok, name)
}

// TestPastNameOfLateVersions adds a version that belongs before one that was read.
func TestPastNameOfLateVersions(t *testing.T) {
	s := NewStore()
	s.AddInDom(domainAt(0, "a", "b"))
	s.AddInDom(domainAt(20, "a"))
	ask := func() string {
		in, _ := s.InDomAt(someDom, pcp.Timestamp{Sec: 20})
		name, _ := s.PastName(in, 1)
		return name
	}
	require.Equal(t, "b", ask())
	s.AddInDom(domainAt(10, "a", "c"))
	assert.Equal(t, "c", ask())
}
