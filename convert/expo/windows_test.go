package expo

import (
	"errors"
	"io"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
	"github.com/stretchr/testify/require"
)

// outcome is what reading a page gives, the error as its text.
func outcome(t testing.TB, text string, format Format, window int) ([]got, string) {
	t.Helper()
	return outcomeOf(newLexer(nil), text, format, window)
}

func outcomeOf(l *lexer, text string, format Format, window int) ([]got, string) {
	var all []got
	l.begin("", format, func(k *pageSeries, r recordValue) error {
		if !r.hasTime {
			r.time = -1
		}
		all = append(all, got{id(k.name, k.labels), *k.family, r.time, math.Float64bits(r.value)})
		return nil
	})
	var err error
	if window == 0 {
		_, err = l.window([]byte(text), true)
	} else {
		err = l.read(strings.NewReader(text), window)
	}
	if err != nil {
		return all, err.Error()
	}
	return all, ""
}

// odd are pages on which windows could go wrong.
var odd = []string{
	"a 1", "a 1\n\n\nb 2", "a{l=\"two\nlines\"} 1\na{l=\"two\nlines\"} 2 3\nb 1\n",
	"a{l=\"x\\\"} 9\n\"} 1\na{l=\"x\\\"} 9\n\"} 2\n", "{\"a\nb\",\"c\nd\"=\"e}\"} 1 5\n{\"a\nb\",\"c\nd\"=\"e}\"} 1 6\n",
	"# HELP \"a\nb\" text\n# TYPE \"a\nb\" gauge\n{\"a\nb\"} 1\n", "a {b=\"c\"} 1\na {b=\"c\"} 2\na{b=\"c\"} 3\na 4\na 5\n",
	"# TYPE h histogram\nh_bucket{le=\"1\"} 1\n# TYPE x gauge\nh_bucket{le=\"1\"} 2\nh_bucket{le=\"1\"} 2\n# TYPE h histogram\nh_bucket{le=\"1\"} 3\n",
	"a 1\nb 1\na 2\nb 2\nc 1\na 3\nb x\n", "a 1\na NaN\na +Inf\na -Inf\na 1e3\na 0x1p3\n", "a{b=\"c\"", "a{b=\"c", "a{b=\"c\"}", "a{", "{", "\"", "#", "# HELP \"a",
	"a{b=c} 1\n", "a{b=\"1\",b=\"2\"} 1\n", "a 1 2\na 1 2\na 1  2\na  1 2 \na\t1\n", "a 1 99999999999999999999\n", "a 1\n\x00b 1\n", "a 1\n# c\x00\nb 1\n",
	"a 123456789012345678\na 123456789012345678\na -0\na -0\na 1_0\n", "a 1 1.5\n", "a 1\na 1 -5\na 1 -5\n", " a 1\n a 1\n",
	"# TYPE a counter\n# HELP a h\na_total 1\na_total 2\n# TYPE b gauge\na_total 3\na_total 4\n",
	"# PCP5 a.b 1.2.3 u32 PM_INDOM_NULL counter none\n# TYPE a_b counter\na_b 1\n",
	"# HELP\"\n# TYPE \"0\n0\"0gauge", "\n\n\n", "#0\n \na 1\n \n",
}

// TestWindows demands that the size of windows makes no difference.
func TestWindows(t *testing.T) {
	texts := append([]string(nil), odd...)
	for _, p := range odd {
		texts = append(texts, p+"# EOF\n", p+"# EOF", p+"# EOF\nx", "# UNIT a_s s\n"+p, p+"a 1 # {x=\"y\"} 1 2\n# EOF\n", p+"a{x=\"1\"} 1 1.5\na{x=\"1\"} 2 1.123\n# EOF\n")
	}
	for _, text := range texts {
		for _, format := range []Format{Text, OpenMetrics} {
			want, wantErr := outcome(t, text, format, 0)
			for _, window := range []int{1, 2, 3, 7, 16, 61, 1000} {
				all, err := outcome(t, text, format, window)
				require.Equal(t, want, all, "%q %v %d", text, format, window)
				require.Equal(t, wantErr == "", err == "", "%q %v %d: %s / %s", text, format, window, err, wantErr)
				require.Equal(t, line(wantErr), line(err), "%q %v %d", text, format, window)
			}
		}
	}
}

// TestWindowsOfSeveralPages demands the same of pages that follow one another.
func TestWindowsOfSeveralPages(t *testing.T) {
	of := func(text string, window int) ([]got, string) {
		l := newLexer(nil)
		l.several = true
		return outcomeOf(l, text, OpenMetrics, window)
	}
	for i, p := range odd {
		text := odd[(i+1)%len(odd)] + "\n# EOF\n\n\n" + p + "\n# EOF\n" + p + "# EOF\n\n"
		want, wantErr := of(text, 0)
		for _, window := range []int{1, 2, 3, 7, 16, 61, 1000} {
			all, err := of(text, window)
			require.Equal(t, want, all, "%q %d", text, window)
			require.Equal(t, line(wantErr), line(err), "%q %d", text, window)
		}
	}
}

// line is the place that an error names.
func line(text string) string {
	where, _, _ := strings.Cut(text, ": ")
	return where
}

// FuzzWindows compares reading in windows with reading the whole.
func FuzzWindows(f *testing.F) {
	for _, p := range odd {
		f.Add(p, uint8(3), false)
		f.Add(p+"# EOF\n", uint8(5), true)
	}
	f.Add("# TYPE a histogram\n\x00", uint8(4), true)
	f.Fuzz(func(t *testing.T, text string, window uint8, open bool) {
		format := Text
		if open {
			format = OpenMetrics
		}
		text += "\n" + text // for what is known from before
		want, wantErr := outcome(t, text, format, 0)
		all, err := outcome(t, text, format, 1+int(window))
		require.Equal(t, want, all)
		require.Equal(t, wantErr == "", err == "", "%s / %s", wantErr, err)
		if strings.Contains(text, "\x00") { // the parser mistakes what precedes it
			return
		}
		require.Equal(t, line(wantErr), line(err), "%s / %s", wantErr, err)
		if !strings.Contains(text, "# PCP") {
			requireParser(t, text, format, want, wantErr)
		}
	})
}

// requireParser demands what Prometheus' parser makes of the whole page.
func requireParser(t *testing.T, text string, format Format, all []got, fault string) {
	t.Helper()
	p, err := textparse.New([]byte(text), format.ContentType(), nil, textparse.ParserOptions{})
	require.NoError(t, err)
	n := 0
	for {
		kind, err := p.Next()
		if err != nil {
			require.Equal(t, errors.Is(err, io.EOF), fault == "", "%v / %s", err, fault)
			break
		}
		if kind != textparse.EntrySeries {
			continue
		}
		var set labels.Labels
		p.Labels(&set)
		if check(set) != nil {
			require.NotEmpty(t, fault)
			break
		}
		_, at, v := p.Series()
		// What a time beyond all milliseconds becomes depends on the processor.
		far := at != nil && format == OpenMetrics && (*at == math.MinInt64 || *at == math.MaxInt64)
		if far || strconv.IntSize == 32 && n == len(all) && strings.Contains(fault, "out of range") {
			require.Contains(t, fault, "out of range")
			break
		}
		if at == nil {
			at = new(int64)
			*at = -1
		}
		if n == len(all) && format == OpenMetrics && fault != "" {
			// The parser yields a sample with a faulty tail and fails at the next one.
			_, err := p.Next()
			require.Error(t, err)
			require.NotErrorIs(t, err, io.EOF)
			break
		}
		name, own := newLexer(nil).split(set)
		require.Less(t, n, len(all), "%v", set)
		require.Equal(t, id(name, own), all[n].series)
		require.Equal(t, math.Float64bits(v), all[n].bits)
		require.Equal(t, *at, all[n].t)
		n++
	}
	require.Len(t, all, n)
}

// TestSameAsParser has what is unusual read as Prometheus reads it.
func TestSameAsParser(t *testing.T) {
	for _, text := range odd {
		for _, text := range []string{text, text + "# EOF\n", text + text, text + text + "# EOF\n"} {
			for _, format := range []Format{Text, OpenMetrics} {
				if !strings.Contains(text, "\x00") && !strings.Contains(text, "# PCP") {
					all, fault := outcome(t, text, format, 0)
					requireParser(t, text, format, all, fault)
				}
			}
		}
	}
}
