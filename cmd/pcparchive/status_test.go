package main

import (
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/safetext"
)

// TestMessagesClearTheStatusLine writes messages and results while a status line
// is shown: none may stand behind it.
func TestMessagesClearTheStatusLine(t *testing.T) {
	var terminal bytes.Buffer
	status := &statusWriter{w: &terminal, width: func() int { return 20 }}
	results := newResultWriter(&terminal, status)
	results.width = status.width
	s := streams{out: results, err: status}

	way := newByteProgress(s, 1000)
	way.add(300)
	_, _ = s.err.Write([]byte("first\n"))
	status.next.Store(0)
	way.set(600)
	way.set(700) // too soon
	_, _ = s.out.Write([]byte("second\n"))
	_, _ = s.out.Write([]byte("third\n"))
	way.clear()
	assert.Equal(t, wipeLineOf("reading  30%  300 B of 1000 B", 19)+wipeLine+"first\n"+
		wipeLineOf("reading  60%  600 B of 1000 B", 19)+wipeLine+"second\nthird\n", terminal.String())
}

func wipeLineOf(line string, width int) string { return wipeLine + safetext.Elide(line, width) }

// TestStatusLineNeedsTerminal shows nothing in a file.
func TestStatusLineNeedsTerminal(t *testing.T) {
	var file bytes.Buffer
	s := streams{err: newStatusWriter(&file)}
	way := newByteProgress(s, 10)
	way.add(5)
	way.clear()
	statusOf(s).show("recording")
	statusOf(s).clear()
	assert.Empty(t, file.String())
}

func TestProgressLine(t *testing.T) {
	for _, c := range []struct {
		done, total int64
		elapsed     time.Duration
		want        string
	}{
		{0, 1000, 0, "reading   0%  0 B of 1000 B"},
		{2048, 4096, 2 * time.Second, "reading  50%  2.0 KiB of 4.0 KiB  1.0 KiB/s  2s left"},
		{4096, 4096, 2 * time.Second, "reading 100%  4.0 KiB of 4.0 KiB  2.0 KiB/s"},
		{5000, 4096, 0, "reading 100%  4.9 KiB of 4.0 KiB"},
		{2048, -1, 2 * time.Second, "reading  2.0 KiB  1.0 KiB/s"},
		{1, 1 << 60, time.Hour, "reading   0%  1 B of 1.0 EiB  0 B/s  277h46m40s left"},
	} {
		assert.Equal(t, c.want, progressLine(c.done, c.total, c.elapsed), c)
	}
}

// TestQueryTableFits prints a table for terminals of several widths: nothing is
// wider, and no value and no label is lost.
func TestQueryTableFits(t *testing.T) {
	const at = "2026-11-29 09:38:15.182 UTC"
	series := []string{
		`kernel_all_load{agent="linux", hostname="vm", instname="1 minute", machineid="3d1219c7c4c5404aaa1f6d2a48adfda4"}`,
		`up{job="` + strings.Repeat("x", 100) + `"}`, "up",
	}
	for _, columns := range []int{0, 200, 100, 80, 50, 40, 12, 3, 2, 1} {
		var table queryTable
		table.add("SERIES", "TIME", "VALUE")
		for _, s := range series {
			table.add(s, at, "2.119999885559082")
			table.add(s, at, "3")
		}
		var b bytes.Buffer
		require.NoError(t, table.print(&b, columns))
		text := b.String()
		assert.Equal(t, 3, strings.Count(text, at+"  2.119999885559082\n"), columns)
		assert.Equal(t, 3, strings.Count(text, at+"  3\n"), columns)
		for line := range strings.Lines(text) {
			if columns >= 50 {
				assert.LessOrEqual(t, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")), columns, line)
			}
		}
		if columns == 0 || columns == 200 {
			assert.Equal(t, 7, strings.Count(text, "\n"), columns)
			assert.Equal(t, 2, strings.Count(text, series[0]), columns)
		}
		whole := strings.NewReplacer("\n", "", " ", "").Replace(strings.ReplaceAll(strings.ReplaceAll(text, at, ""), "2.119999885559082", ""))
		for _, s := range series {
			assert.Contains(t, whole, strings.ReplaceAll(s, " ", ""), columns)
		}
	}
	assert.Equal(t, []string{`up{a="1",`, `  b="2",`, `  c="3"}`}, wrapSeries(`up{a="1", b="2", c="3"}`, 12))
	assert.Equal(t, []string{"abcd", "  ef", "  g"}, wrapSeries("abcdefg", 4))
}
