package expo

import (
	"bytes"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	expfmtHelp    = regexp.MustCompile(`(?m)^(# HELP (?:"(?:\\.|[^"\\])*"|\S+) )(.*)$`)
	expfmtUnknown = regexp.MustCompile(`(?m)^# TYPE (?:"(?:\\.|[^"\\])*"|\S+) unknown\n`)
	bareQuotes    = strings.NewReplacer(`\\`, `\\`, `\"`, `"`)
)

// asPromtoolReads makes the two changes to a page of expfmt's that promtool's
// check of pages asks for: bare quotes in help, and no type rather than unknown.
func asPromtoolReads(open string) string {
	open = expfmtUnknown.ReplaceAllString(open, "")
	return expfmtHelp.ReplaceAllStringFunc(open, func(line string) string {
		m := expfmtHelp.FindStringSubmatch(line)
		return m[1] + bareQuotes.Replace(m[2])
	})
}

// TestSameAsExpfmt lets expfmt read our text of families that it can hold and
// write them again, in both formats.
func TestSameAsExpfmt(t *testing.T) {
	t.Parallel()
	m := &maker{Rand: rand.New(rand.NewPCG(3, 4)), complete: true}
	for n := range 400 {
		m.times = n%2 == 1
		families := m.families()
		ours := pageOf(t, families, Options{Format: Text, Timestamps: m.times})
		parser := expfmt.NewTextParser(model.UTF8Validation)
		parsed, err := parser.TextToMetricFamilies(strings.NewReader(ours))
		require.NoError(t, err, "%s", ours)
		var text, open bytes.Buffer
		for _, f := range families {
			_, err := expfmt.MetricFamilyToText(&text, parsed[f.Name])
			require.NoError(t, err)
			_, err = expfmt.MetricFamilyToOpenMetrics(&open, parsed[f.Name])
			require.NoError(t, err)
		}
		_, err = expfmt.FinalizeOpenMetrics(&open)
		require.NoError(t, err)
		require.Equal(t, text.String(), ours)
		ours = pageOf(t, families, Options{Format: OpenMetrics, Timestamps: m.times})
		if !m.times {
			require.Equal(t, asPromtoolReads(open.String()), ours)
			continue
		}
		// expfmt's floats of seconds lose a millisecond now and then.
		theirs := parse(t, open.String(), "")
		for i, e := range parse(t, ours, "") {
			require.InDelta(t, e.Time, theirs[i].Time, 1)
			theirs[i].Time = e.Time
			assert.Empty(t, difference([]Entry{e}, theirs[i:i+1]))
		}
	}
}
