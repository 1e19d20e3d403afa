package glob_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/glob"
)

func TestMatch(t *testing.T) {
	for pattern, want := range map[string]map[string]bool{
		"":          {"": true, "a": false},
		"*":         {"": true, "a.b/c": true},
		"disk.*":    {"disk.": true, "disk.dev.read": true, "disk": false, "xdisk.a": false},
		"*.read":    {"disk.dev.read": true, "disk.dev.reads": false},
		"a*b*c":     {"abc": true, "aXbYbZc": true, "ab": false, "aXbYcZ": false},
		"cpu?":      {"cpu1": true, "cpu": false, "cpu12": false},
		"cpu[0-3]":  {"cpu2": true, "cpu4": false},
		"cpu[!0-3]": {"cpu2": false, "cpu4": true},
		"[]a]":      {"]": true, "a": true, "b": false},
		"[a-]":      {"-": true, "b": false},
		"[ab":       {"[ab": true, "a": false},
		`\*`:        {"*": true, "a": false},
		`a\`:        {`a\`: true, "a": false},
	} {
		for text, ok := range want {
			assert.Equal(t, ok, glob.Match(pattern, text), "%q %q", pattern, text)
		}
	}
	assert.False(t, glob.Match(strings.Repeat("*a", 500), strings.Repeat("a", 499)), "takes no exponential time")
}

func TestPatterns(t *testing.T) {
	for text, want := range map[string]string{"exact": "a", "glob": "a a1", "regex": "a a1 ba"} {
		mode, err := glob.ParseMode(text)
		require.NoError(t, err)
		p, err := glob.New(mode, []string{"zz", map[string]string{"exact": "a", "glob": "a*", "regex": "a"}[text]})
		require.NoError(t, err)
		var found []string
		for _, name := range []string{"a", "a1", "ba", "c"} {
			if p.Match(name) {
				found = append(found, name)
			}
		}
		assert.Equal(t, want, strings.Join(found, " "))
		assert.False(t, p.Empty())
	}
	_, err := glob.New(glob.Regex, []string{"("})
	require.Error(t, err)
	_, err = glob.ParseMode("foo")
	require.EqualError(t, err, `match "foo": want exact, glob or regex`)
	var none glob.Patterns
	assert.True(t, none.Empty())
	assert.False(t, none.Match(""))
}
