package naming

import (
	"strings"
	"testing"
	"testing/quick"

	"github.com/stretchr/testify/assert"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/pcp"
)

func TestLeafName(t *testing.T) {
	for name, want := range map[string]string{
		"node_cpu_seconds_total": "node_cpu_seconds_total",
		"job:queue:mean":         "job.queue.mean",
		"a.b":                    "a.b",
		"a:b.c":                  "a.b.c",
		"_private":               "U____private",
		"job:_x":                 "job.U____x",
		"a:9":                    "a.U__9",
		"9a":                     "U__9a",
		"a::b":                   "a.U__.b",
		":a":                     "U__.a",
		"a:":                     "a.U__",
		"with blank":             "U__with_20_blank",
		"a_b-c":                  "U__a__b_2d_c",
		"é":                      "U___e9_",
		"日本.x":                   "U___65e5__672c_.x",
		"😀":                      "U___1f600_",
		"a/b{c}":                 "U__a_2f_b_7b_c_7d_",
	} {
		assert.Equal(t, want, LeafName(name), name)
	}
}

// Whatever a page calls a sample, PCP can have it as a name, and two names of
// which neither holds a colon never get one leaf.
func TestLeafNameIsValidAndReversible(t *testing.T) {
	valid := func(name string) bool {
		name = strings.ToValidUTF8(name, "?")
		for c := range strings.SplitSeq(LeafName(name), ".") {
			if !ValidComponent(c) {
				return false
			}
		}
		return true
	}
	assert.NoError(t, quick.Check(valid, nil))
	reversible := func(c string) bool {
		c = strings.ToValidUTF8(c, "?")
		plain, ok := unescape(escape(c))
		return ok && plain == c
	}
	assert.NoError(t, quick.Check(reversible, nil))
}

func TestUnescapeRefuses(t *testing.T) {
	for _, name := range []string{"", "a", "U_", "U__a_", "U__a_2", "U__a_zz_", "U___ffffffffff_"} {
		_, ok := unescape(name)
		assert.False(t, ok, name)
	}
}

func TestLabelNames(t *testing.T) {
	for name, want := range map[string]string{
		"code": "code", "_x": "_x", "le": "le", "9": "9",
		"a.b": "U__a_2e_b", "é": "U___e9_", "U__a": "U__U____a", `q"`: "U__q_22_", "a:b": "U__a_3a_b",
	} {
		assert.Equal(t, want, LabelName(name), name)
		assert.Equal(t, name, OriginalLabel(want), name)
	}
	back := func(name string) bool {
		name = strings.ToValidUTF8(name, "?")
		return OriginalLabel(LabelName(name)) == name
	}
	assert.NoError(t, quick.Check(back, nil))
	assert.Equal(t, "U__is_no_escape", OriginalLabel("U__is_no_escape"), "a name that only looks like one stays")
}

func TestSourceName(t *testing.T) {
	for text, want := range map[string]string{
		"localhost": "localhost", "db-1.example.com": "db_1_example_com", "127.0.0.1": "s127_0_0_1",
		"::1": "s__1", "": "s", "_a": "s_a", "büro": "b_ro",
	} {
		assert.Equal(t, want, SourceName(text), text)
		assert.True(t, ValidComponent(SourceName(text)), text)
	}
}

func TestPrometheusName(t *testing.T) {
	for name, want := range map[string]string{
		"kernel.all.load": "kernel_all_load", "a:b": "a:b", "9a": "_a", "é.x-y": "__x_y",
	} {
		assert.Equal(t, want, PrometheusName(name), name)
	}
}

func TestSemanticsOf(t *testing.T) {
	for _, c := range []struct {
		sample, family, typ string
		counter             bool
	}{
		{"a_total", "a_total", prom.TypeCounter, true},
		{"a_total", "a", prom.TypeCounter, true},
		{"a", "a", prom.TypeCounter, true},
		{"a_created", "a", prom.TypeCounter, false},
		{"a", "a", prom.TypeGauge, false},
		{"a_total", "a_total", prom.TypeGauge, false}, // what is declared beats the name
		{"a_count", "a_count", prom.TypeGauge, false},
		{"a_bucket", "a", prom.TypeHistogram, true},
		{"a_sum", "a", prom.TypeHistogram, true},
		{"a_count", "a", prom.TypeHistogram, true},
		{"a_created", "a", prom.TypeHistogram, false},
		{"a_bucket", "a", prom.TypeGaugeHistogram, false},
		{"a_gcount", "a", prom.TypeGaugeHistogram, false},
		{"a_gsum", "a", prom.TypeGaugeHistogram, false},
		{"a", "a", prom.TypeSummary, false},
		{"a_sum", "a", prom.TypeSummary, true},
		{"a_count", "a", prom.TypeSummary, true},
		{"a_info", "a", prom.TypeInfo, false},
		{"a", "a", prom.TypeStateset, false},
		{"a_total", "a_total", prom.TypeUnknown, true},
		{"a_total", "a_total", "", true},
		{"a_count", "a_count", prom.TypeUnknown, false},
		{"total", "total", prom.TypeUnknown, false},
	} {
		want := pcp.SemInstant
		if c.counter {
			want = pcp.SemCounter
		}
		assert.Equal(t, want, SemanticsOf(c.sample, prom.Family{Name: c.family, Type: c.typ}), "%s of %s %s", c.sample, c.typ, c.family)
	}
}

func TestUnitsOf(t *testing.T) {
	for _, c := range []struct {
		sample, family, typ, unit string
		want                      string
	}{
		{"a_seconds", "a_seconds", prom.TypeGauge, "", "sec"},
		{"a_seconds_total", "a_seconds_total", prom.TypeCounter, "", "sec"},
		{"a_milliseconds", "a_milliseconds", prom.TypeGauge, "", "millisec"},
		{"a_microseconds", "a_microseconds", prom.TypeGauge, "", "microsec"},
		{"a_nanoseconds", "a_nanoseconds", prom.TypeGauge, "", "nanosec"},
		{"a_bytes", "a_bytes", prom.TypeGauge, "", "byte"},
		{"a_kilobytes", "a_kilobytes", prom.TypeGauge, "", "Kbyte"},
		{"a_megabytes", "a_megabytes", prom.TypeGauge, "", "Mbyte"},
		{"a_gigabytes", "a_gigabytes", prom.TypeGauge, "", "Gbyte"},
		{"bytes_in_use", "bytes_in_use", prom.TypeGauge, "", "byte"},
		{"a_celsius", "a_celsius", prom.TypeGauge, "celsius", ""},
		{"a_count", "a_count", prom.TypeGauge, "", ""},
		{"a_megabytesque", "a_megabytesque", prom.TypeGauge, "", ""},
		{"a", "a", prom.TypeGauge, "bytes", "byte"}, // declared, with no word of it in the name
		{"a_seconds", "a_seconds", prom.TypeGauge, "bytes", "byte"},
		{"h_seconds_bucket", "h_seconds", prom.TypeHistogram, "seconds", "count"},
		{"h_seconds_count", "h_seconds", prom.TypeHistogram, "seconds", "count"},
		{"h_seconds_sum", "h_seconds", prom.TypeHistogram, "seconds", "sec"},
		{"h_seconds_created", "h_seconds", prom.TypeHistogram, "", "sec"},
		{"s_bytes", "s_bytes", prom.TypeSummary, "", "byte"},
		{"s_bytes_count", "s_bytes", prom.TypeSummary, "", "count"},
		{"s_bytes_created", "s_bytes", prom.TypeSummary, "", "sec"},
		{"g_bytes_gcount", "g_bytes", prom.TypeGaugeHistogram, "", "count"},
		{"g_bytes_gsum", "g_bytes", prom.TypeGaugeHistogram, "", "byte"},
		{"c_bytes_created", "c_bytes", prom.TypeCounter, "", "sec"},
		{"c_bytes_created", "c_bytes_created", prom.TypeUnknown, "", "byte"},
	} {
		f := prom.Family{Name: c.family, Type: c.typ, Unit: c.unit}
		assert.Equal(t, c.want, UnitsOf(c.sample, f).String(), "%s of %s %s", c.sample, c.typ, c.family)
	}
}

func TestSuffix(t *testing.T) {
	assert.Equal(t, "_sum", Suffix("a_sum", "a"))
	assert.Empty(t, Suffix("a", "a"))
	assert.Empty(t, Suffix("b_sum", "a"))
}
