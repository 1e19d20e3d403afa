package rules_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/rewrite/rules"
)

// everything uses each clause once.
const everything = `# comment
GLOBAL {
	hostname -> db1.example.com	time -> -1:30:00.25 # half past
	tz -> "UTC-1" zoneinfo -> ":Europe/Berlin" features -> bits(31, 7,1)
}
indom 60.2 {
	indom -> duplicate 61.*
	iname "1 minute" -> "60 second"  iname "5 minute" -> DELETE
	inst 1->60 inst 15 -> delete
	iname replace /^([0-9]+) .*\/(.*)/ -> "\1 \2"
	iname redact
	iname /^loop/ -> delete
}
Metric disk.dev.read {
	delete indom -> NULL output iname "sda" indom -> 60.1 output max name -> disk.new.read pmid -> 61.*.3
	sem -> Instant type if 32 -> U64 type -> DOUBLE
	units -> 1,-1, 0 , MBYTE,SEC,0 rescale
	units -> "Kbyte / sec"
	value /^([^ ]+) [^ ]+/ -> "\1 [redacted]"
}
metric 60.*.* { }
text metric 60.1.2 help "old \"text\"" { text -> "two
lines" metric -> 1.*.* delete }
text indom 60.* all { indom -> 61.* }
label context "hostname" "db1" { value -> "db2" label -> "host" }
label instances 60.1 "sda" * "5" { new "rack" "4" instances -> 61.1 delete }
label cluster 60.* { cluster -> 61.7 }
label item disk.dev.* { item -> 61.*.* }
label domain 60 { domain -> 61 }
`

func TestParse(t *testing.T) {
	all, err := rules.Parse("f", everything)
	require.NoError(t, err)
	require.Len(t, all, 11)
	global := all[0].(*rules.Global)
	assert.Equal(t, rules.Pos{File: "f", Line: 2, Column: 1}, global.Position())
	assert.Equal(t, "db1.example.com", global.Clauses[0].(*rules.SetHost).Host)
	assert.Equal(t, -(90*time.Minute + 250*time.Millisecond), global.Clauses[1].(*rules.ShiftTime).By)
	assert.Equal(t, rules.Pos{File: "f", Line: 3, Column: 30}, global.Clauses[1].Position())
	assert.Equal(t, "UTC-1", global.Clauses[2].(*rules.SetZone).Zone)
	assert.Equal(t, uint32(1<<31|1<<7|1<<1), global.Clauses[4].(*rules.SetFeatures).Bits)

	indom := all[1].(*rules.InDom)
	assert.Equal(t, rules.InDomPattern{Domain: 60, Serial: 2}, indom.Target)
	to := indom.Clauses[0].(*rules.ToInDom)
	assert.True(t, to.Duplicate)
	assert.Equal(t, pcp.NewInDomID(61, 2), to.Target.Apply(pcp.NewInDomID(60, 2)))
	assert.Equal(t, "60 second", indom.Clauses[1].(*rules.RenameInst).New)
	assert.True(t, indom.Clauses[2].(*rules.RenameInst).Delete)
	assert.Equal(t, pcp.InstID(60), indom.Clauses[3].(*rules.RenumberInst).New)
	replace := indom.Clauses[5].(*rules.ReplaceNames)
	name, ok := replace.Apply("0012 /usr/bin/bash")
	assert.True(t, ok)
	assert.Equal(t, "0012 bash", name)
	assert.True(t, indom.Clauses[7].(*rules.ReplaceNames).Delete)

	metric := all[2].(*rules.Metric)
	assert.Equal(t, "disk.dev.read", metric.Target.Name)
	pick := metric.Clauses[1].(*rules.ToInDom)
	assert.True(t, pick.Null)
	assert.Equal(t, "sda", pick.Inst.Name)
	assert.Equal(t, rules.PickMax, metric.Clauses[2].(*rules.ToInDom).Pick)
	assert.Equal(t, pcp.NewPMID(61, 7, 3), metric.Clauses[4].(*rules.ToMetric).Target.Apply(pcp.NewPMID(60, 7, 9)))
	assert.Equal(t, pcp.SemInstant, metric.Clauses[5].(*rules.SetSemantics).Semantics)
	assert.Equal(t, pcp.Type32, *metric.Clauses[6].(*rules.SetType).If)
	units := metric.Clauses[8].(*rules.SetUnits)
	assert.Equal(t, "Mbyte / sec", units.Units.String())
	assert.True(t, units.Rescale)
	assert.Equal(t, "Kbyte / sec", metric.Clauses[9].(*rules.SetUnits).Units.String())

	text := all[4].(*rules.Text)
	assert.Equal(t, `old "text"`, *text.Content)
	assert.True(t, text.Help && !text.OneLine)
	assert.Equal(t, "two\nlines", text.Clauses[0].(*rules.SetText).Text)
	inst := all[7].(*rules.Label)
	assert.Equal(t, labelset.Instances, inst.Level)
	assert.Nil(t, inst.Name)
	assert.Equal(t, "5", *inst.Value)
	assert.Nil(t, all[8].(*rules.Label).Cluster)
	assert.Equal(t, uint32(7), *all[8].(*rules.Label).Clauses[0].(*rules.MoveLabel).Cluster)
}

func TestSyntaxErrors(t *testing.T) {
	for text, want := range map[string]string{
		"metric":                                "f:1:7: want a metric's name or DOMAIN.CLUSTER.ITEM, found the end of the file",
		"metric foo.bar":                        "f:1:15: want {, found the end of the file",
		"metric foo.bar {\n type > }":           "f:2:7: unexpected character '>'",
		"metric foo.bar {\n\ttype -> STRING }":  "f:2:10: want a type: 32, U32, 64, U64, FLOAT or DOUBLE, found STRING",
		"metric foo.bar { type U64 }":           "f:1:23: want -> after type, found U64",
		"metric foo.bar { color -> red }":       "f:1:18: want delete, indom, name, pmid, sem, type, units, value or }, found color",
		"metric 60.1 { }":                       "f:1:8: want a metric DOMAIN.CLUSTER.ITEM, found 60.1",
		"metric 512.1.1 { }":                    "f:1:8: domain 512 is not between 1 and 511",
		"metric 60.4096.1 { }":                  "f:1:8: cluster 4096 is not between 0 and 4095",
		"indom 511.1 { }":                       "f:1:7: domain 511 is not between 1 and 510",
		"indom 60 { }":                          "f:1:7: want an instance domain DOMAIN.SERIAL or DOMAIN.*, found 60",
		"indom 60.1 { iname sda -> \"b\" }":     "f:1:20: want the name of an instance in quotes, replace or redact, found sda",
		"indom 60.1 { iname \"sda -> \"b\" }":   "f:1:29: want -> after the name of the instance, found b",
		"indom 60.1 { iname \"sda":              "f:1:20: string without a closing \"",
		"indom 60.1 { iname /a(/ -> \"b\" }":    "f:1:20: error parsing regexp: missing closing ): `a(`",
		"indom 60.1 { iname \"a\" -> \"\" }":    "f:1:27: the name of an instance may not be empty",
		"indom 60.1 { inst 4294967296 -> 1 }":   "f:1:19: instance number 4294967296 is not between 0 and 2147483647",
		"global { time -> 1:2:3:4 }":            "f:1:18: want a time [+|-][[HOURS:]MINUTES:]SECONDS[.FRACTION], found 1:2:3:4",
		"global { hostname -> }":                "f:1:22: want a host name, found }",
		"global { features -> bits(32) }":       "f:1:27: bit 32 is not between 0 and 31",
		"metric a.b { units -> 1,0,0,FURLONG }": "f:1:29: want the scale of space: 0 or BYTE, KBYTE, MBYTE, GBYTE, TBYTE, PBYTE, EBYTE, found FURLONG",
		"metric a.b { units -> \"furlong\" }":   `f:1:23: units "furlong": want units such as Kbyte, mbytes/s or count x 10^6`,
		"metric a.b { name -> 3.x }":            "f:1:22: 3.x is not a metric's name",
		"metric a[ { }":                         "f:1:8: wrong wildcards in a[",
		"label planet 4 { }":                    "f:1:7: want context, domain, cluster, item, indom or instances after label, found planet",
		"label context { indom -> 1.2 }":        "f:1:17: want delete, new, label, value, context or }, found indom",
		"label context { new \"a\\\"b\" \"\" }": "f:1:21: label name \"a\\\"b\": value out of range",
		"text metric a.b { indom -> 1.2 }":      "f:1:19: want delete, indom, metric, text or }, found indom",
		"metrics a.b { }":                       "f:1:1: want global, indom, metric, text or label, found metrics",
		"é":                                     "f:1:1: unexpected character 'é'",
	} {
		_, err := rules.Parse("f", text)
		var syntax *rules.SyntaxError
		if assert.ErrorAs(t, err, &syntax, text) {
			assert.Equal(t, want, syntax.Error(), text)
		}
	}
}

// TestSeveralErrors reports each wrong rule, and nothing that follows from it.
func TestSeveralErrors(t *testing.T) {
	all, err := rules.Parse("f", "metric a.b { type -> }\nmetric a.c { delete }\nindom x { inst 1 -> 2 }\nmetric { }\nmetric a.d { delete }\nmetric a.e { sem -> odd delete }")
	var lines []string
	for line := range strings.SplitSeq(err.Error(), "\n") {
		at, _, _ := strings.Cut(line, ": ")
		lines = append(lines, at)
	}
	assert.Equal(t, []string{"f:1:22", "f:3:7", "f:4:8", "f:6:21"}, lines)
	assert.Len(t, all, 2)
}

func TestReplacement(t *testing.T) {
	for _, tt := range [][4]string{
		{"yobo", "YOBO", "0018 /etc/yobo yobo", "0018 /etc/YOBO yobo"},
		{"a|ab", "[&]", "xab", "x[ab]"}, // the longest match, as POSIX wants
		{"(a)(b)?", `<\1\2\\\&>`, "ac", `<a\&>c`},
		{".*", "[redacted]", "", "[redacted]"},
		{"x", "y", "none", "none"},
	} {
		r, err := rules.NewReplacement(tt[0], tt[1])
		require.NoError(t, err)
		got, ok := r.Apply(tt[2])
		assert.Equal(t, tt[3], got)
		assert.Equal(t, tt[2] != tt[3], ok)
	}
}

func TestSameName(t *testing.T) {
	assert.True(t, rules.SameName("eek", "eek urk"))
	assert.True(t, rules.SameName("eek urk", "eek"))
	assert.True(t, rules.SameName("eek urk", "eek urk"))
	assert.True(t, rules.SameName("eek urk", "eek ork"))
	assert.False(t, rules.SameName("eek", "eekurk"))
}

// TestReferenceRules parses the rules that PCP installs.
func TestReferenceRules(t *testing.T) {
	n := 0
	for _, dir := range []string{"/etc/pcp/pmlogrewrite", "/var/lib/pcp/config/pmlogrewrite"} {
		if _, err := os.Stat(dir); err != nil {
			continue
		}
		all, err := rules.Load(dir)
		require.NoError(t, err)
		n += len(all)
	}
	if n == 0 {
		t.Skip("the rules of PCP are not installed")
	}
	assert.Greater(t, n, 1000)
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"b.conf": "metric b.b { delete }", "a.conf": "metric a.a { delete }", ".hidden": "nonsense", "folder/c": "nonsense",
	} {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	all, err := rules.Load(dir, filepath.Join(dir, "a.conf"))
	require.NoError(t, err)
	var names []string
	for _, r := range all {
		names = append(names, r.(*rules.Metric).Target.Name)
	}
	assert.Equal(t, []string{"a.a", "b.b", "a.a"}, names)
	_, err = rules.Load(filepath.Join(dir, "none"))
	require.ErrorIs(t, err, os.ErrNotExist)
	huge := filepath.Join(dir, "huge")
	require.NoError(t, os.WriteFile(huge, nil, 0o644))
	require.NoError(t, os.Truncate(huge, 1<<30))
	_, err = rules.Load(huge)
	require.ErrorIs(t, err, rules.ErrTooLong)
}

// FuzzParse parses any text: rules or errors with positions inside it.
func FuzzParse(f *testing.F) {
	f.Add(everything)
	f.Add("metric a.b { type -> }\nmetric")
	f.Add("indom 1.* { iname replace \"([0-9]+) /.*/(.*)\" -> \"\\1 \\2\" }")
	f.Fuzz(func(t *testing.T, text string) {
		_, err := rules.Parse("f", text)
		if err == nil {
			return
		}
		all := []error{err}
		if joined, ok := err.(interface{ Unwrap() []error }); ok {
			all = joined.Unwrap()
		}
		for _, err := range all {
			var syntax *rules.SyntaxError
			require.True(t, errors.As(err, &syntax), "%v", err)
			require.LessOrEqual(t, syntax.Pos.Line, 1+strings.Count(text, "\n"))
			require.LessOrEqual(t, syntax.Pos.Column, 1+len(text))
		}
	})
}
