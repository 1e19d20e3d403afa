package values

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParseSpec(t *testing.T) {
	for text, want := range map[string]Spec{
		"disk.dev":                            {Name: "disk.dev"},
		"kernel.all.load[1 minute]":           {Name: "kernel.all.load", Instances: []string{"1 minute"}},
		"disk.dev.read[sda,sdb]":              {Name: "disk.dev.read", Instances: []string{"sda", "sdb"}},
		"disk.dev.read[ sda , sdb ]":          {Name: "disk.dev.read", Instances: []string{"sda", "sdb"}},
		`m["a,b", c ,"d]"]`:                   {Name: "m", Instances: []string{"a,b", "c", "d]"}},
		"proc.psinfo.rss[1234]":               {Name: "proc.psinfo.rss", Instances: []string{"1234"}},
		"filesys.free[/dev/mapper/root-a[1]]": {Name: "filesys.free", Instances: []string{"/dev/mapper/root-a[1]"}},
	} {
		got, err := ParseSpec(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, got, text)
		again, err := ParseSpec(got.String())
		require.NoError(t, err, got.String())
		assert.Equal(t, got, again, text)
	}
	for text, reason := range map[string]string{
		"":        "the name is missing",
		"[a]":     "the name is missing",
		"m[a":     "want ] at the end",
		"m[]":     "the name of an instance is empty",
		"m[a,]":   "the name of an instance is empty",
		`m["a]`:   "a quote is not closed",
		`m["a"b]`: `want a comma after "a"`,
		`m[a,,b]`: "the name of an instance is empty",
	} {
		_, err := ParseSpec(text)
		assert.ErrorContains(t, err, reason, text)
	}
}

func TestSameInstance(t *testing.T) {
	assert.True(t, sameInstance("1234 /usr/bin/sleep 9", "1234"))
	assert.True(t, sameInstance("1 minute", "1 minute"))
	assert.False(t, sameInstance("12345 /usr/bin/sleep 9", "1234"))
	assert.False(t, sameInstance("sda", "sd"))
}

func FuzzParseSpec(f *testing.F) {
	for _, seed := range []string{"a.b", "a.b[c]", `a["b,c",d]`, "a[", "a[]]", `a["]`, "a[b ,\"c\"]"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseSpec(text)
		if err != nil || strings.Contains(text, `"`) {
			return
		}
		again, err := ParseSpec(s.String())
		require.NoError(t, err, s.String())
		require.Equal(t, s, again, text)
	})
}
