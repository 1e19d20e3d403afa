package finding_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/finding"
)

func TestString(t *testing.T) {
	f := finding.Finding{Code: "frame-torn", Severity: finding.Error, File: "rec.0", Offset: 12, Message: "record ends early"}
	assert.Equal(t, "rec.0: offset 12: error: frame-torn: record ends early", f.String())
	f.Offset = -1
	assert.Equal(t, "rec.0: error: frame-torn: record ends early", f.String())
}

func TestSeverity(t *testing.T) {
	for _, s := range []finding.Severity{finding.Note, finding.Warning, finding.Error} {
		var back finding.Severity
		require.NoError(t, back.Set(s.String()))
		assert.Equal(t, s, back)
	}
	var s finding.Severity
	require.Error(t, s.Set("fatal"))
	assert.Equal(t, "severity 7", finding.Severity(7).String())
}

func TestTally(t *testing.T) {
	codes := []finding.CodeInfo{{Code: "a", Severity: finding.Note}, {Code: "b", Severity: finding.Error}}
	for _, tt := range []struct {
		limit, kept, omitted int
	}{{1, 1, 2}, {3, 3, 0}, {-1, 3, 0}, {0, 3, 0}} {
		tally := finding.NewTally(tt.limit)
		kept := 0
		for range 3 {
			if tally.Add("b") {
				kept++
			}
		}
		assert.Equal(t, tt.kept, kept, "limit %d", tt.limit)
		omitted := slices.Collect(tally.Omitted(codes))
		if tt.omitted == 0 {
			assert.Empty(t, omitted, "limit %d", tt.limit)
			continue
		}
		require.Len(t, omitted, 1)
		assert.Equal(t, tt.omitted, omitted[0].Omitted)
		assert.Equal(t, finding.Error, omitted[0].Severity)
		assert.Equal(t, "and 2 more", omitted[0].Message)
	}
}
