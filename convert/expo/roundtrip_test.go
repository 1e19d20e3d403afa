package expo

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/oddpages"
	"github.com/pcparchive/pcparchive/internal/oracle"
)

// roundTrip takes a page through PCP steps and back to a page of a format. It
// returns both pages' entries, times included.
func roundTrip(t *testing.T, page, contentType string, format Format) (before, after []Entry, out string) {
	t.Helper()
	before = timed(latest(parse(t, page, contentType)))
	families := record(t, parse(t, page, contentType))
	out = pageOf(t, families, Options{Format: format, Timestamps: true})
	judge(t, format, out)
	again := pageOf(t, families, Options{Format: format, Timestamps: true})
	assert.Equal(t, out, again, "writing changed the families")
	return before, parse(t, out, format.ContentType()), out
}

// TestCorpus takes the odd pages through archives and back.
func TestCorpus(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(oracle.Corpus(t), "openmetrics", "*.txt"))
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(files), 12, "the corpus shrank")
	for _, file := range files {
		name := filepath.Base(file)
		page, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, format := range []Format{Text, OpenMetrics} {
			t.Run(name+"/"+format.String(), func(t *testing.T) {
				before, after, out := roundTrip(t, string(page), "", format)
				require.NotEmpty(t, before)
				var want []string
				if format == OpenMetrics {
					want = oddpages.Corpus[name]
				}
				assert.Equal(t, want, difference(before, after))
				if format == Text {
					assert.Equal(t, order(before), order(after), "order of families")
					promtool(t, out)
				}
			})
		}
	}
}

// oddPages has, by name, what of the odd pages cannot come back.
var oddPages = map[string]map[Format][]string{
	"counter with gauge of creation": {OpenMetrics: {oddpages.LosesTotal, "gauge becomes counter", "gauge: created joins family"}},
	"metadata that comes late": {
		Text:        {"counter becomes unknown", `unknown: help "" becomes "too late"`},
		OpenMetrics: {"counter becomes unknown", `unknown: help "" becomes "too late"`},
	},
	"duplicates in time": {Text: {"counter: family named by its sample"}},
	"openmetrics": {Text: {
		"counter: family named by its sample", "counter becomes gauge", `gauge: unit "celsius" becomes ""`,
		"gaugehistogram becomes gauge", "gaugehistogram: family named by its sample",
		"histogram becomes gauge", "histogram: family named by its sample",
		"info becomes gauge", "info: family named by its sample", "stateset becomes gauge",
		"summary becomes gauge", "summary: family named by its sample",
	}},
}

// TestOddPages takes pages of all kinds through PCP steps and back.
func TestOddPages(t *testing.T) {
	for _, page := range oddpages.Pages {
		if page.TooMany {
			continue // the mapper refuses it
		}
		kind := Text
		if page.OpenMetrics {
			kind = OpenMetrics
		}
		for _, format := range []Format{Text, OpenMetrics} {
			t.Run(page.Name+"/"+format.String(), func(t *testing.T) {
				before, after, out := roundTrip(t, page.Text, kind.ContentType(), format)
				assert.ElementsMatch(t, oddPages[page.Name][format], difference(before, after), "%.4000s", out)
				if format == Text && !page.Quoted {
					promtool(t, out)
				}
			})
		}
	}
}

// TestManySeries takes 20,000 series through an archive and back.
func TestManySeries(t *testing.T) {
	t.Parallel()
	before := timed(parse(t, manySeries(20_000), ""))
	require.Len(t, before, 20_000)
	families := record(t, before)
	for _, format := range []Format{Text, OpenMetrics} {
		out := pageOf(t, families, Options{Format: format, Timestamps: true})
		assert.Empty(t, difference(before, parse(t, out, "")))
	}
}

// promtool demands that promtool can read a text page. Its complaints about
// names and units are the page's own.
func promtool(t *testing.T, page string) {
	t.Helper()
	cmd := oracle.Command(t, "promtool", "check", "metrics")
	cmd.Dir = t.TempDir()
	cmd.Stdin = strings.NewReader(page)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	const lint = 3 // exit status of complaints
	if err := cmd.Run(); err != nil && cmd.ProcessState.ExitCode() != lint {
		t.Errorf("promtool: %v\n%s", err, stderr.String())
	}
	assert.NotContains(t, stderr.String(), "error while linting")
	assert.NotContains(t, stderr.String(), "not unique")
}
