package labelset_test

import (
	"strings"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/pcp"
)

func parse(t *testing.T, level labelset.Level, text string) labelset.Set {
	t.Helper()
	s, err := labelset.Parse(text, level)
	require.NoError(t, err)
	return s
}

func TestNew(t *testing.T) {
	labels := []labelset.Label{
		labelset.String("b", `say "hi"\`+"\n\t\r\x01"), {Name: "a", Value: "1"}, {Name: "c.d", Value: "[1]", Flags: labelset.Optional}, {Name: "a", Value: "2"},
	}
	s, err := labelset.New(labelset.Item, labels...)
	require.NoError(t, err)
	assert.Equal(t, `{"a":2,"b":"say \"hi\"\\\n\t\r\u0001","c.d":[1]}`, s.JSON())
	assert.Equal(t, "say \"hi\"\\\n\t\r\x01", s.Text("b"))
	assert.Equal(t, labelset.Compound|labelset.Optional, s.At(2).Flags)
	assert.Zero(t, labels[0].Level, "the caller's labels are left alone")

	again := parse(t, labelset.Item, s.JSON())
	assert.Equal(t, list(s), list(again))
}

func TestNewErrors(t *testing.T) {
	many := make([]labelset.Label, 256)
	for i := range many {
		many[i] = labelset.Label{Name: strings.Repeat("n", i%254+1) + string(rune('a'+i/254)), Value: "1"}
	}
	for _, tt := range []struct {
		name   string
		labels []labelset.Label
		err    error
	}{
		{"empty name", []labelset.Label{{Value: "1"}}, pcp.ErrRange},
		{"long name", []labelset.Label{{Name: strings.Repeat("n", 255), Value: "1"}}, pcp.ErrRange},
		{"quote in name", []labelset.Label{{Name: `a"b`, Value: "1"}}, pcp.ErrRange},
		{"no value", []labelset.Label{{Name: "a"}}, pcp.ErrRange},
		{"value is not JSON", []labelset.Label{{Name: "a", Value: "1,2"}}, pcp.ErrRange},
		{"value ends early", []labelset.Label{{Name: "a", Value: `"x`}}, pcp.ErrRange},
		{"too long", []labelset.Label{labelset.String("a", strings.Repeat("x", 65535))}, pcp.ErrLimit},
		{"too many", many, pcp.ErrLimit},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := labelset.New(labelset.Context, tt.labels...)
			assert.ErrorIs(t, err, tt.err)
		})
	}
	empty, err := labelset.New(labelset.Context)
	require.NoError(t, err)
	assert.Zero(t, empty)
}

func TestMergePrecedence(t *testing.T) {
	var sets []labelset.Set
	for i, level := range labelset.Levels {
		var labels []labelset.Label
		for j := range labelset.Levels[i:] { // every level overrides one label less
			labels = append(labels, labelset.Label{Name: string(rune('a' + j)), Value: `"` + level.String() + `"`})
		}
		s, err := labelset.New(level, labels...)
		require.NoError(t, err)
		sets = append(sets, s)
	}
	merged, err := labelset.Merge(sets...)
	require.NoError(t, err)
	assert.Equal(t, `{"a":"instances","b":"item","c":"cluster","d":"indom","e":"domain","f":"context"}`, merged.JSON())
	for l := range merged.All() {
		assert.Equal(t, l.Text(), l.Level.String(), "a label keeps the level it came from")
	}
}

func TestMergeFlattensCompounds(t *testing.T) {
	merged, err := labelset.Merge(parse(t, labelset.Context, `{"z":1,"b":{"x":1,"y":2}}`), parse(t, labelset.Item, `{"b":{"x":3}}`))
	require.NoError(t, err)
	assert.Equal(t, `{"b.x":3,"b.y":2,"z":1}`, merged.JSON())
}

func TestLabelText(t *testing.T) {
	for value, want := range map[string]string{
		`"x y"`: "x y", `"\u00e9\"\\"`: `é"\`, `12`: "12", `[1,"a"]`: `[1,"a"]`, `"`: "", `"broken \x"`: `broken \x`, ``: "",
	} {
		assert.Equal(t, want, labelset.Label{Value: value}.Text(), value)
	}
}

func TestEqual(t *testing.T) {
	a := parse(t, labelset.Item, `{"a":1}`)
	assert.True(t, a.Equal(parse(t, labelset.Item, `{"a":1}`)))
	assert.False(t, a.Equal(parse(t, labelset.Item, `{"a":2}`)))
	assert.False(t, a.Equal(parse(t, labelset.Cluster, `{"a":1}`)), "levels are stored")
	assert.False(t, a.Equal(labelset.Set{}))
	assert.Empty(t, labelset.Set{}.Text("a"))
}

func TestLevelNames(t *testing.T) {
	var names []string
	for _, l := range labelset.Levels {
		names = append(names, l.String())
	}
	assert.Equal(t, []string{"context", "domain", "indom", "cluster", "item", "instances"}, names)
	assert.Equal(t, "level 3", labelset.Level(3).String())
}

// Recorders keep a set for each of a million series.
func TestSmall(t *testing.T) {
	assert.Equal(t, unsafe.Sizeof(uintptr(0)), unsafe.Sizeof(labelset.Set{}))
	assert.LessOrEqual(t, unsafe.Sizeof(labelset.Instance{}), uintptr(16))
	var empty labelset.Set
	assert.Zero(t, empty.Len())
	assert.Empty(t, empty.JSON())
	assert.NoError(t, empty.Invalid())
}
