package expo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/internal/sinktest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/oracle"
)

// got is a sample as a Reader gives it.
type got struct {
	series string
	family prom.Family
	t      int64
	bits   uint64
}

// gotten notes samples. fail is what it answers.
type gotten struct {
	all  []got
	fail error
}

func (g *gotten) Sample(s *prom.Series, t int64, v float64) error {
	g.all = append(g.all, got{id(s.Name, s.Labels), *s.Family, t, math.Float64bits(v)})
	return g.fail
}

// pages are inputs of texts that cannot seek.
func pages(texts ...string) []Input {
	var in []Input
	for i, text := range texts {
		in = append(in, Input{
			Name: fmt.Sprintf("page%d", i), Time: time.UnixMilli(scrapeTime + int64(i)),
			Open: func() (io.ReadCloser, error) { return io.NopCloser(iotest.OneByteReader(strings.NewReader(text))), nil },
		})
	}
	return in
}

// read reads pages that must be good.
func read(t testing.TB, format *Format, texts ...string) []got {
	t.Helper()
	var g gotten
	require.NoError(t, NewReader(pages(texts...), ReadOptions{Format: format}).Samples(context.Background(), sinktest.Sink(&g)))
	return g.all
}

// TestReaderCorpus demands of all pages what Page gives.
func TestReaderCorpus(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(oracle.Corpus(t), "openmetrics", "*.txt"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		all := read(t, nil, string(text))
		entries := parse(t, string(text), Text.ContentType())
		require.Len(t, all, len(entries), file)
		for i, e := range entries {
			if !e.HasTime {
				e.Time = scrapeTime
			}
			require.Equal(t, got{id(e.Name, e.Labels), e.Family, e.Time, math.Float64bits(e.Value)}, all[i], "%s: sample %d", file, i)
		}
	}
}

func TestReaderPages(t *testing.T) {
	all := read(t, nil, "# TYPE a gauge\na{x=\"1\",y=\"2\"} 1\n", "# TYPE a counter\na{y=\"2\",x=\"1\"} 2\na{x=\"1\",y=\"2\"} 3 1700000000000\n", "a{x=\"1\",y=\"2\"} 4\n")
	require.Len(t, all, 4)
	for i, want := range []struct {
		typ string
		t   int64
	}{{prom.TypeGauge, scrapeTime}, {prom.TypeCounter, scrapeTime + 1}, {prom.TypeCounter, 1_700_000_000_000}, {prom.TypeUnknown, scrapeTime + 2}} {
		assert.Equal(t, all[0].series, all[i].series)
		assert.Equal(t, want.typ, all[i].family.Type)
		assert.Equal(t, want.t, all[i].t)
		assert.Equal(t, math.Float64bits(float64(i+1)), all[i].bits)
	}
}

// TestReaderErrors names input and line, and ends the reading where the
// consumer or the context does.
func TestReaderErrors(t *testing.T) {
	var g gotten
	err := NewReader(pages("a 1\n", "b 1\nc x\n"), ReadOptions{}).Samples(context.Background(), sinktest.Sink(&g))
	require.ErrorContains(t, err, "page1: line 2: ")
	assert.Len(t, g.all, 2)

	err = NewReader(pages("Sun Nov 22 10:52:16 UTC 2026\na 1\n# EOF\n"), ReadOptions{}).Samples(context.Background(), sinktest.Sink(&gotten{}))
	require.ErrorContains(t, err, "page0: line 1: not OpenMetrics: ", "no time in another century")

	wide := "a{x=\"" + strings.Repeat("v", 1<<24) + "\"} 1\n"
	err = NewReader(pages("b 1\n"+wide), ReadOptions{}).Samples(context.Background(), sinktest.Sink(&gotten{}))
	require.ErrorContains(t, err, "page0: line 2: a series of 16777223 bytes: a{x=\"vvv")

	for _, far := range []string{"1e300", "-1e300", "9223372036854775.808", "-9223372036854775809"} {
		err := NewReader(pages("# TYPE a gauge\na 1 "+far+"\n# EOF\n"), ReadOptions{Format: new(OpenMetrics)}).Samples(context.Background(), sinktest.Sink(&gotten{}))
		assert.ErrorContains(t, err, "page0: line 2: the time of a is out of range", far)
	}

	long := strings.Repeat("a 1\nb 2\n", 5*batchSize)
	full := &gotten{fail: errors.New("full")}
	assert.ErrorIs(t, NewReader(pages(long), ReadOptions{}).Samples(context.Background(), sinktest.Sink(full)), full.fail)
	assert.Len(t, full.all, 1)

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	assert.ErrorIs(t, NewReader(pages(long), ReadOptions{}).Samples(ctx, sinktest.Sink(&gotten{})), context.Canceled)

	failing := []Input{{Name: "f", Open: func() (io.ReadCloser, error) { return nil, os.ErrPermission }}}
	assert.ErrorIs(t, NewReader(failing, ReadOptions{}).Samples(ctx, sinktest.Sink(&gotten{})), context.Canceled)
	assert.ErrorIs(t, NewReader(failing, ReadOptions{}).Samples(context.Background(), sinktest.Sink(&gotten{})), os.ErrPermission)

	broken := []Input{{Name: "f", Open: func() (io.ReadCloser, error) {
		return io.NopCloser(io.MultiReader(bytes.NewReader([]byte(long)), iotest.ErrReader(os.ErrClosed))), nil
	}}}
	assert.ErrorIs(t, NewReader(broken, ReadOptions{}).Samples(context.Background(), sinktest.Sink(&gotten{})), os.ErrClosed)
}

// TestReaderSeveralPages reads OpenMetrics pages that follow one another, each by
// itself, if it is clear of what time they are.
func TestReaderSeveralPages(t *testing.T) {
	const first = "# TYPE a gauge\na{x=\"1\"} 1 1700000000\n# EOF\n"
	all := read(t, nil, first+"\n\n# TYPE a counter\na_total 3 1700000030\n# EOF\na{x=\"1\"} 2 1700000015.5\n# EOF\n\n")
	require.Len(t, all, 3)
	for i, want := range []got{
		{series: `a,"x"="1"`, family: prom.Family{Name: "a", Type: prom.TypeGauge}, t: 1_700_000_000_000, bits: math.Float64bits(1)},
		{series: "a_total", family: prom.Family{Name: "a", Type: prom.TypeCounter}, t: 1_700_000_030_000, bits: math.Float64bits(3)},
		{series: `a,"x"="1"`, family: prom.Family{Name: "a", Type: prom.TypeUnknown}, t: 1_700_000_015_500, bits: math.Float64bits(2)},
	} {
		assert.Equal(t, want, all[i])
	}
	for _, c := range []struct{ page, fault string }{
		{first + "b 1\n# EOF\n", "page0: line 4: a sample without a time, on a page that follows another one"},
		{first + "b 1 1700000000\nb 2 1700000001\nb 3\n# EOF\n", "page0: line 6: a sample without a time"},
		{first + "\nb 1 1700000000\n", "page0: line 6: data does not end with # EOF"},
		{first + "\n# TYPE b fish\n# EOF\n", "page0: line 5: not OpenMetrics: invalid metric type"},
	} {
		assert.ErrorContains(t, NewReader(pages(c.page), ReadOptions{}).Samples(context.Background(), sinktest.Sink(&gotten{})), c.fault)
	}
}

func TestDetect(t *testing.T) {
	for _, c := range []struct {
		page   string
		format Format
		fault  string
	}{
		{"a 1\n", Text, ""},
		{"a 1\n# EOF\n", OpenMetrics, ""},
		{"a 1 1700000000000\n", Text, ""},
		{"# TYPE a untyped\na 1 1700000000000\n", Text, ""},
		{"a 1 1700000000.5\n", OpenMetrics, ""},
		{"# TYPE a info\na_info 1\n", OpenMetrics, ""},
		{"# TYPE a_s gauge\n# UNIT a_s s\na_s 1 1700000000\n", OpenMetrics, ""},
		{"a{x=\"1 2 3.5\"} 1 # {id=\"1\"} 2\n", OpenMetrics, ""},
		{"a 1 0\n", Text, ""},
		{"a 1 1700000000\n", 0, "line 1: ambiguous page: time 1700000000 is 1970-01-20T16:13:20Z in Prometheus' text format, which has milliseconds, and 2023-11-14T22:13:20Z in OpenMetrics"},
		{"a 1 1700000000\nb 1 1700000000000\n", 0, "time 1700000000000 in line 2 is in milliseconds, most likely, and 1700000000 in line 1 in seconds"},
		{"# TYPE a untyped\n# TYPE b info\n", 0, "type info in line 2 is OpenMetrics and type untyped in line 1 is Prometheus' text format"},
		{"a 1 1700000000000\n# EOF\n", 0, "line 1: ambiguous page: time 1700000000000 is 2023-11-14T22:13:20Z in Prometheus' text format"},
		{"# TYPE a untyped\na 1 1700000000\n", 0, "line 2: ambiguous page"},
		{"a 1 1700000000.5\na 1 1700000000500\n# EOF\n", 0, "ambiguous page"},
	} {
		err := NewReader(pages(c.page), ReadOptions{}).Samples(context.Background(), sinktest.Sink(&gotten{}))
		if c.fault != "" {
			require.ErrorIs(t, err, ErrAmbiguous, c.page)
			assert.ErrorContains(t, err, c.fault)
			assert.ErrorContains(t, err, "page0: ")
			continue
		}
		format, detected := Detect([]byte(c.page), nil)
		require.NoError(t, detected)
		assert.Equal(t, c.format, format, c.page)
		if c.format == Text || strings.HasSuffix(c.page, "# EOF\n") {
			require.NoError(t, err, c.page)
		} else {
			assert.ErrorContains(t, err, "does not end with # EOF")
		}
	}
	text, open := Text, OpenMetrics
	assert.Equal(t, int64(1_700_000_000), read(t, &text, "a 1 1700000000\n")[0].t, "what is given is not doubted")
	assert.Equal(t, int64(1_700_000_000_000_000), read(t, &open, "a 1 1700000000000\n# EOF\n")[0].t)
}

// TestReadingAsParser compares the short way with the parser's.
func TestReadingAsParser(t *testing.T) {
	for _, rest := range []string{
		"1", "0", "-1", "+1", "1.5", "1e300", "1e400", "-0", "00012", "9007199254740993", "123456789012345", "1234567890123456", "NaN", "nan", "Inf", "-inf", "infinity",
		"1 1700000000.123", "1 1700000000.999", "1 1700000000.0005", "1 1700000000.9999", "1 1700000000.1239999", "1 1", "1 1.", "1 .5", "1 1e9", "1 -1.5", "1 999999999999.999", "1 1700000000.", "1 1700000000 ", "1 17000000000000000000", "1 123456789012345678",
		"0x10", "1_000", "1p3", "", " 1", "1  1", "1 \t1", "x", "1 x", "1 1 1",
	} {
		for _, format := range []Format{Text, OpenMetrics} {
			r, ok := parseReading(format, []byte(" "+rest))
			if !ok {
				continue
			}
			end := "\n"
			if format == OpenMetrics {
				end = "\n# EOF\n"
			}
			e := parse(t, "a "+rest+end, format.ContentType())
			require.Len(t, e, 1, rest)
			assert.Equal(t, math.Float64bits(e[0].Value), math.Float64bits(r.value), "%q", rest)
			assert.Equal(t, e[0].HasTime, r.hasTime, "%q", rest)
			assert.Equal(t, e[0].Time, r.time, "%q", rest)
		}
	}
	for ms := int64(1_600_000_000_000); ms < 1_600_000_100_000; ms += 7 { // as a float64 has it
		got, ok := parseSeconds(fmt.Appendf(nil, "%d.%03d", ms/1000, ms%1000))
		require.True(t, ok)
		require.Equal(t, ms, got)
	}
}

// TestRounded counts integers that a float64 does not hold.
func TestRounded(t *testing.T) {
	report := &prom.Report{}
	text := "a 18446744073709551615\na 9007199254740993\na 9007199254740992\na -9007199254740993\na 1e300\na 18446744073709551615\n"
	require.NoError(t, NewReader(pages(text), ReadOptions{Report: report}).Samples(context.Background(), sinktest.Sink(&gotten{})))
	assert.Equal(t, []prom.LossCount{{Loss: prom.LossRounded, Name: "a", Count: 4}}, report.Losses())
}
