package expo

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/prom"
)

// TestAttribution shows which family a sample belongs to.
func TestAttribution(t *testing.T) {
	for _, c := range []struct{ page, sample, family, typ string }{
		{"# TYPE h histogram\nh_bucket{le=\"1\"} 1\n", "h_bucket", "h", prom.TypeHistogram},
		{"# TYPE h histogram\nh_created 1\n", "h_created", "h", prom.TypeHistogram},
		{"# TYPE h histogram\nh_total 1\n", "h_total", "h_total", prom.TypeUnknown},
		{"# TYPE s summary\ns 1\n", "s", "s", prom.TypeSummary},
		{"# TYPE s summary\ns_bucket 1\n", "s_bucket", "s_bucket", prom.TypeUnknown},
		{"# TYPE c counter\nc_total 1\n", "c_total", "c", prom.TypeCounter},
		{"# TYPE g gauge\ng_total 1\n", "g_total", "g_total", prom.TypeUnknown},
		{"# TYPE g gauge\n# TYPE h gauge\ng 1\n", "g", "g", prom.TypeGauge},
		{"# TYPE h histogram\n# TYPE g gauge\nh_sum 1\n", "h_sum", "h_sum", prom.TypeUnknown},
		{"# HELP g text\ng 1\n", "g", "g", prom.TypeUnknown},
		{"# TYPE \"a\\\"b\" gauge\n{\"a\\\"b\"} 1\n", `a"b`, `a"b`, prom.TypeGauge},
		{"# TYPE g gauge\n# TYPE g counter\ng 1\n", "g", "g", prom.TypeCounter},
	} {
		e := parse(t, c.page, Text.ContentType())
		require.Len(t, e, 1)
		assert.Equal(t, c.sample, e[0].Name)
		assert.Equal(t, c.family, e[0].Family.Name, c.page)
		assert.Equal(t, c.typ, e[0].Family.Type, c.page)
	}
}

// TestPageErrors demands that faults are found and located, after what was good.
func TestPageErrors(t *testing.T) {
	for _, c := range []struct {
		page, contentType string
		good, line        int
		text              string
	}{
		{"a 1\n\n# c\nb x\n", "text/plain", 1, 4, "x"},
		{"a 1\nb{l=\"two\nlines\"} 1\n\nc\n", "text/plain", 2, 5, ""},
		{"x y\n", "text/plain", 0, 1, "y"},
		{"\n\nx y\n", "text/plain", 0, 3, "y"},
		{"# TYPE x gauge\n# HELP x h\n# TYPE x fish\n", "text/plain", 0, 3, "fish"},
		{"a 1\nb{l=\"1\",l=\"2\"} 1\n", "text/plain", 1, 2, `"l" occurs twice`},
		{"b{__name__=\"c\"} 1\n", "text/plain", 0, 1, "__name__"},
		{"{\"\"} 1\n", "text/plain", 0, 1, "invalid metric name"},
		{"a 1 2 3\n", "text/plain", 0, 1, ""},
		{"a 1\n# TYPE a gauge\r\n", "text/plain", 1, 2, "text format: lines end in CR LF"},
		{"\xef\xbb\xbfa 1\n", "text/plain", 0, 1, "text format: it begins with a byte order mark"},
		{"\xff\xfea\x00\n", "text/plain", 0, 1, "text format: it is UTF-16"},
		{"<html>\n", "text/plain", 0, 1, "text format: it is HTML"},
		{"HTTP/1.1 200 OK\r\n", "text/plain", 0, 1, "text format: it begins with the header of a reply"},
		{"{\"status\":\"success\"}", "application/openmetrics-text", 0, 1, "OpenMetrics: it is JSON"},
		{"a 1\n<html>\n", "text/plain", 1, 2, "text format: expected a valid start token"},
		{"a 1\n", "application/openmetrics-text", 1, 2, "# EOF"},
		{"a 1\n# EOF\nb 1\n", "application/openmetrics-text", 1, 3, "after # EOF"},
		{"# TYPE a gauge\n# UNIT a seconds\n", "application/openmetrics-text", 0, 2, "seconds"},
		{"a{l=\"\xff\"} 1\n", "text/plain", 0, 1, "UTF-8"},
	} {
		good := 0
		var last error
		for _, err := range Page([]byte(c.page), c.contentType, nil) {
			require.NoError(t, last, "goes on after an error")
			if last = err; err == nil {
				good++
			}
		}
		var at *Error
		require.ErrorAs(t, last, &at, c.page)
		assert.Equal(t, c.line, at.Line, "%q: %v", c.page, at)
		assert.Equal(t, c.good, good, "%q", c.page)
		assert.ErrorContains(t, last, c.text)
		assert.True(t, strings.HasPrefix(last.Error(), "line "))
	}
}

func TestPageContentTypes(t *testing.T) {
	for _, c := range []struct{ contentType, text string }{
		{"application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited", "not a text format"},
		{"text/html", "text/html"},
		{"application/openmetrics-text; version=2.0.0", "2.0"},
		{";;", ";;"},
	} {
		for _, err := range Page([]byte("a 1\n"), c.contentType, nil) {
			assert.ErrorContains(t, err, c.text)
		}
	}
	assert.Empty(t, parse(t, "", "text/html"), "nothing is a page")
	open := "# TYPE a counter\na_total 1 # {id=\"1\"} 1\n# EOF\n"
	report := &prom.Report{}
	for e, err := range Page([]byte(open), "", report) { // in text the exemplar would be a fault
		require.NoError(t, err)
		assert.Equal(t, "a_total", e.Name)
		assert.Equal(t, &prom.Exemplar{Labels: []prom.Label{{Name: "id", Value: "1"}}, Value: 1}, e.Exemplar)
	}
	assert.Empty(t, report.Losses())
	for _, text := range []string{"a 1", "a 1 2", "# c\n a {} 1\n", "a\t1\n"} {
		assert.Len(t, parse(t, text, ""), 1, "%q", text)
	}
}

// TestPageLabels keeps labels of one sample apart from the next one's.
func TestPageLabels(t *testing.T) {
	entries := parse(t, "a{z=\"1\",b=\"\",a=\"2\"} 1 5\na 2\na{c=\"3\"} 3\n", "")
	assert.Equal(t, []prom.Label{{Name: "a", Value: "2"}, {Name: "z", Value: "1"}}, entries[0].Labels)
	assert.True(t, entries[0].HasTime)
	assert.Equal(t, int64(5), entries[0].Time)
	assert.Empty(t, entries[1].Labels)
	assert.False(t, entries[1].HasTime)
	_ = append(entries[0].Labels, prom.Label{Name: "x"})
	assert.Equal(t, []prom.Label{{Name: "c", Value: "3"}}, entries[2].Labels)
}

// TestPageLeavesInput demands that reading does not write behind the page.
func TestPageLeavesInput(t *testing.T) {
	backing := []byte("a 1\nb 2\n")
	for _, err := range Page(backing[:3], "text/plain", nil) {
		require.NoError(t, err)
	}
	assert.Equal(t, "a 1\nb 2\n", string(backing))
}

// TestPageStops lets the caller stop.
func TestPageStops(t *testing.T) {
	var got []string
	for e, err := range Page([]byte("a 1\nb 2\nc x\n"), "text/plain", nil) {
		require.NoError(t, err)
		if got = append(got, e.Name); len(got) == 2 {
			break
		}
	}
	assert.Equal(t, []string{"a", "b"}, got)
}
