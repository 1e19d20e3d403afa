package expo

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/oracle"
)

// roundTrip takes a page through PCP steps and back to a page of a format. It
// returns both pages' entries, times included.
func roundTrip(t *testing.T, page, contentType string, format Format) (before, after []Entry, out string) {
	t.Helper()
	before = timed(latest(parse(t, page, contentType)))
	families := record(t, parse(t, page, contentType))
	out = print(t, families, Options{Format: format, Timestamps: true})
	judge(t, format, out)
	again := print(t, families, Options{Format: format, Timestamps: true})
	assert.Equal(t, out, again, "writing changed the families")
	return before, parse(t, out, format.ContentType()), out
}

// corpusLosses are all differences between a page of the corpus and what comes
// back from it. All have their line in the package's documentation.
var corpusLosses = map[string]map[Format][]string{}

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
				assert.Equal(t, corpusLosses[name][format], difference(before, after))
				if format == Text {
					assert.Equal(t, order(before), order(after), "order of families")
					promtool(t, out)
				}
			})
		}
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
