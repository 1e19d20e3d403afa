package expo

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/prom"
)

// faultyRecords are records that a format does not allow, with a part of the
// reason that is given.
var faultyRecords = map[Format][]struct{ record, reason string }{
	Text: {
		{"5 1\n", "expected a valid start token"},
		{"<html>\n", ""},
		{"m-x 1\n", ""},
		{"m\n", "expected value after metric"},
		{"m \n", "expected value after metric"},
		{"m x\n", `"x"`},
		{"m 1 x\n", ""},
		{"m 1 2 3\n", ""},
		{"m 1 # {a=\"b\"} 1\n", ""},
		{"m 1 99999999999999999999\n", "out of range"},
		{"m{l} 1\n", "expected equal"},
		{"m{l=} 1\n", "expected label value"},
		{"m{l=x} 1\n", "expected label value"},
		{"m{l=\"x\" 1\n", ""},
		{"m{l=\"\xff\"} 1\n", "UTF-8"},
		{"m{l=\"1\",l=\"2\"} 1\n", "occurs twice"},
		{"{\"\"} 1\n", "invalid metric name"},
		{"{l=\"x\"} 1\n", "metric name not set"},
		{"# TYPE m fish\n", "fish"},
		{"# TYPE 5 gauge\n", ""},
		{"# HELP m \xff\n", "utf8"},
		{"m 1\r\n", "CR LF"},
		{"\x00\n", "byte 0"},
		{"m 1\x00\n", ""},
	},
	OpenMetrics: {
		{"5 1\n", "expected a valid start token"},
		{"\n", "expected a valid start token"},
		{" m 1\n", ""},
		{"m\n", "expected value after metric"},
		{"m x\n", `"x"`},
		{"m  1\n", "expected value after metric"},
		{"m 1 \n", "one blank"},
		{"m 1  2\n", "one blank"},
		{"m 1\t2\n", ""},
		{"m 1 x\n", ""},
		{"m 1 NaN\n", "timestamp"},
		{"m 1 1e300\n", "out of range"},
		{"m 1 2 3\n", ""},
		{"m 1 # 5.9 1697141781.4\n", "an exemplar begins with"},
		{"m 1 #\n", "an exemplar begins with"},
		{"m 1 # \n", "an exemplar begins with"},
		{"m 1 #{a=\"b\"} 1\n", "an exemplar begins with"},
		{"m 1 2 # 5.9\n", "an exemplar begins with"},
		{"m 1 # {a} 1\n", ""},
		{"m 1 # {a=\"b\"}\n", ""},
		{"m 1 # {a=\"b\"} x\n", `"x"`},
		{"m 1 # {a=\"b\"} 1 x\n", ""},
		{"m 1 # {a=\"b\"} 1 2 3\n", ""},
		{"m 1 # {a=\"b\n", ""},
		{"m 1 # {\n", ""},
		{"m{l} 1\n", ""},
		{"m{l=x} 1\n", ""},
		{"m{l=\"x\" 1\n", ""},
		{"m{l=\"x\n", ""},
		{"m{l=\"\xff\"} 1\n", "UTF-8"},
		{"m{l=\"1\",l=\"2\"} 1\n", "occurs twice"},
		{"{l=\"x\"} 1\n", "metric name not set"},
		{"# TYPE m fish\n", "fish"},
		{"# UNIT m seconds\n", "seconds"},
		{"# HELP\n", ""},
		{"# HELP m\n", ""},
		{"# HELP m \xff\n", "utf8"},
		{"# a remark\n", ""},
		{"#EOF\n", ""},
		{"m 1\r\n", "CR LF"},
		{"\x00\n", ""},
		{"m 1\x00\n", ""},
	},
}

// TestFaultLines tries every fault behind what the parser reads, what the quick
// way reads and what spans lines, before more records and at the end, in windows
// of any size: the line named is the one where the faulty record begins.
func TestFaultLines(t *testing.T) {
	before := map[string]string{
		"nothing":        "",
		"descriptions":   "# HELP g h\n# TYPE g gauge\n",
		"new series":     "# TYPE g gauge\ng{i=\"1\"} 1\ng{i=\"2\"} 2\n",
		"known series":   "g 1\nh 2\ng 3\nh 4\ng 5\n",
		"lines in names": "# TYPE \"n\nn\" gauge\n{\"n\nn\"} 1\n",
	}
	after := map[string]string{"more": "g 1\nk{i=\"1\"} 2\n", "the same": "", "known": "g 1\nh 2\ng 3\nh 4\n"}
	for format, records := range faultyRecords {
		if format == Text {
			before["lines in values"] = "g{l=\"a\nb\nc\"} 1\n\n# remark\ng{l=\"a\nb\nc\"} 2\n"
		} else {
			delete(before, "lines in values")
		}
		for _, c := range records {
			for way, head := range before {
				for end, tail := range after {
					if end == "the same" {
						tail = strings.TrimPrefix(head, "\n")
					}
					page := head + c.record + tail
					if format == OpenMetrics {
						page += "# EOF\n"
					}
					for _, size := range []int{16, 1 << 16} {
						name := fmt.Sprintf("%s: %q after %s, then %s, windows of %d", format, c.record, way, end, size)
						l := newLexer(nil)
						l.begin("", format, func(*pageSeries, recordValue) error { return nil })
						err := l.read(bytes.NewReader([]byte(page)), size)
						var at *Error
						if !assert.ErrorAs(t, err, &at, name) {
							continue
						}
						assert.Equal(t, 1+strings.Count(head, "\n"), at.Line, "%s: %v", name, at)
						assert.ErrorContains(t, at, c.reason, name)
					}
				}
			}
		}
	}
	require.NotEmpty(t, faultyRecords[OpenMetrics])
}

// TestLongRecords: texts that Prometheus' labels cannot hold cost themselves, and
// what is said of them is short.
func TestLongRecords(t *testing.T) {
	long := strings.Repeat("z", 16<<20)
	for name, c := range map[string]struct {
		record string
		format Format
		loss   prom.Loss // "": the record is faulty
	}{
		"exemplar":          {"# TYPE m counter\nm_total 1 # {l=\"" + long + "\"} 1\n", OpenMetrics, prom.LossExemplar},
		"exemplar's name":   {"# TYPE m counter\nm_total 1 5 # {" + long + "=\"v\"} 1\n", OpenMetrics, prom.LossExemplar},
		"label":             {"m{l=\"" + long + "\"} 1\n", Text, ""},
		"name":              {long + " 1\n", Text, ""},
		"label, no end":     {"m{l=\"" + long + "\n", OpenMetrics, ""},
		"value":             {"m " + long + "\n", Text, ""},
		"time out of range": {"m{l=\"" + long[:1<<20] + "\"} 1 1e300\n", OpenMetrics, ""},
	} {
		t.Run(name, func(t *testing.T) {
			report := &prom.Report{}
			l := newLexer(report)
			var names []string
			l.begin("", c.format, func(k *pageSeries, _ recordValue) error {
				names = append(names, k.name)
				return nil
			})
			page := c.record + "ok 1\n"
			if c.format == OpenMetrics {
				page += "# EOF\n"
			}
			err := l.read(strings.NewReader(page), 1<<16)
			if c.loss == "" {
				require.Error(t, err)
				assert.Less(t, len(err.Error()), 1000)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, []string{"m_total", "ok"}, names)
			assert.Equal(t, []prom.LossCount{{Loss: c.loss, Name: "m_total", Count: 1}}, report.Losses())
		})
	}
}
