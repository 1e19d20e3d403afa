package agentdir

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/pcp"
)

func TestParseURLFile(t *testing.T) {
	const text = "\ufeff# comments may stand before the URL\r\n\r\n  https://user:pw@host:9/metrics?token=t  \r\n" +
		"HEADER: Authorization: Bearer a:b\n" +
		"HEADER:  X - Name :  two   words \n" +
		"HEADER: X-Name: replaced\n" +
		"FILTER: EXCLUDE METRIC go_(gc|memstats)_.*\n" +
		"FILTER: INCLUDE METRIC (?!node_)go_\n" +
		"FILTER: EXCLUDE METRIC a:b\n" +
		"FILTER: OPTIONAL LABEL version\n" +
		"METADATA: http_.*_size   u64  PM_INDOM_NULL  counter  Kbyte / sec\n"
	f, faults, err := ParseURLFile(text)
	require.NoError(t, err)
	assert.Empty(t, faults)
	assert.Equal(t, "https://user:pw@host:9/metrics?token=t", f.URL.String())
	assert.Equal(t, "Bearer a:b", f.Headers.Get("authorization"))
	assert.Equal(t, "replaced", f.Headers.Get("X-Name"))
	assert.True(t, f.Rules.Excludes("go_gc_cycles"))
	assert.False(t, f.Rules.Excludes("go_threads"))
	assert.True(t, f.Rules.Excludes("a:bcd"), "a pattern need not match to the end, and may have a colon")
	assert.False(t, f.Rules.Excludes("xa:b"), "a pattern matches from the beginning")
	assert.Equal(t, optional, f.Rules.label("version_info"))
	assert.Equal(t, include, f.Rules.label("other"))
	m, ok := f.Rules.metadataFor("http_request_size_bytes")
	require.True(t, ok)
	assert.Equal(t, Metadata{
		Type: pcp.TypeU64, Singular: true, Sem: pcp.SemCounter,
		Units: pcp.Units{DimSpace: 1, ScaleSpace: pcp.SpaceKbyte, DimTime: -1, ScaleTime: pcp.TimeSec},
	}, m)
}

func TestParseURLFileFaults(t *testing.T) {
	for text, want := range map[string]string{
		"":                             "no URL",
		"# only\n# comments\n":         "no URL",
		"ftp://host/":                  `line 1: "ftp://host/" is not an http, https, file or unix URL`,
		"\n\nhttp://user:secret@/\n":   "line 3: ",
		"http://u:secret@h:bad port/x": "line 1: ",
	} {
		_, _, err := ParseURLFile(text)
		require.ErrorContains(t, err, want, text)
		assert.NotContains(t, err.Error(), "secret")
	}
	for line, want := range map[string]string{
		"TIMEOUT: 3":                        "want HEADER:, FILTER:, METADATA: or a comment",
		"HEADER: secret":                    "HEADER: want name: value",
		"HEADER: a(b: secret":               "HEADER: want name: value",
		"HEADER: A: secret\x01":             "HEADER: A: the value has characters that HTTP rejects",
		"FILTER: INCLUDE METRIC":            "FILTER: want",
		"FILTER: OPTIONAL METRIC a":         "FILTER: want",
		"FILTER: include METRIC a":          "FILTER: want",
		"FILTER: INCLUDE LABELS a":          "FILTER: want",
		"FILTER: INCLUDE METRIC (":          `FILTER: "(" is not a regular expression`,
		"METADATA: a u32 none":              "METADATA: want",
		"METADATA: a u32 x counter parsecs": `METADATA: unknown units "parsecs"`,
	} {
		f, faults, err := ParseURLFile("http://h/\n" + line + "\nHEADER: After: it\n")
		require.NoError(t, err, line)
		require.Len(t, faults, 1, line)
		assert.Equal(t, 2, faults[0].Line)
		assert.ErrorContains(t, faults[0], want, line)
		assert.NotContains(t, faults[0].Error(), "secret")
		assert.Equal(t, "it", f.Headers.Get("After"), "the rest of the file holds")
	}
}

// A METADATA: line with unknown units says all else about its metrics, as in the agent.
func TestUnknownUnits(t *testing.T) {
	f, faults, err := ParseURLFile("http://h/\nMETADATA: a u32 x counter parsecs\n")
	require.NoError(t, err)
	require.Len(t, faults, 1)
	m, ok := f.Rules.metadataFor("a")
	assert.True(t, ok)
	assert.Equal(t, Metadata{Type: pcp.TypeU32, Sem: pcp.SemCounter}, m)
}

// The names of units are those that pmParseUnitsStr of PCP 6.0.3 knows.
func TestParseUnits(t *testing.T) {
	for text, want := range map[string]string{
		"none": "", "seconds": "sec", "KB / s": "Kbyte / sec", "byte/second": "byte / sec", "KiB": "Kbyte", "mb/s": "Mbyte / sec",
		"100 bytes": "byte", "counts": "count", "count x 10^6": "count x 10^6", "kbyte^2": "Kbyte^2", "1/s": "/ sec", "sec^-1": "/ sec",
		"count sec^-1": "count / sec", "byte / 2 sec": "byte / sec", "1 / 5min": "/ min", "hr": "hour", "us": "microsec", "gigabytes": "Gbyte",
	} {
		u, err := parseUnits(strings.Fields(text))
		if assert.NoError(t, err, text) {
			assert.Equal(t, want, strings.TrimSpace(u.String()), text)
		}
	}
	for _, text := range []string{"m", "secs", "mins", "k", "usec", "ops", "days", "x10^3"} {
		_, err := parseUnits(strings.Fields(text))
		assert.Error(t, err, text)
	}
}

func FuzzParseURLFile(f *testing.F) {
	f.Add("http://h/metrics\nHEADER: a: b\nFILTER: EXCLUDE METRIC x.*\nMETADATA: x u32 y counter byte / sec\n")
	f.Add("# c\r\nfile:///x\r\nFILTER: OPTIONAL LABEL (?<!a)b\nHEADER:x\nMETADATA: \\Z 1 2 3 count x 10^6^2 ^ /\n")
	f.Add("unix:///run/x.sock:/metrics\nFILTER: INCLUDE LABEL [\n")
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 4096 {
			return
		}
		file, faults, err := ParseURLFile(text)
		for _, fault := range faults {
			if fault.Line < 1 || fault.Err == nil {
				t.Fatalf("fault %v", fault)
			}
		}
		if (err == nil) != (file != nil) {
			t.Fatalf("file %v, error %v", file, err)
		}
	})
}
