package archive_test

import (
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/internal/defect"
	"github.com/pcparchive/pcparchive/pcp"
)

// panicIn returns a Stop that panics where a function has called it.
func panicIn(function string) func() error {
	return func() error {
		if strings.Contains(string(debug.Stack()), function) {
			panic("a fault in " + function)
		}
		return nil
	}
}

// TestLeadPanics has a goroutine that reads the next volume ahead and panics. The pass yields
// the same, and the panic is listed.
func TestLeadPanics(t *testing.T) {
	base, all := writeTimed(t, pcp.V3, rhythms["one group"], 40)
	for _, suffix := range []string{".0", ".1", ".2"} {
		packers[0].pack(t, base+suffix)
	}
	r, err := archive.Open(base, nil)
	require.NoError(t, err)
	got := timedSteps(t, r.Steps(history.Query{PMIDs: []pcp.PMID{archtest.Count.PMID}, Stop: panicIn("archive.(*lead).read")}))
	assert.Len(t, got, len(all))
	require.NotEmpty(t, r.Warnings())
	var failed *defect.Error
	require.ErrorAs(t, r.Warnings()[0], &failed)
	assert.Equal(t, "a fault in archive.(*lead).read", failed.Value)
}

// TestSkimmersPanic has goroutines that skim parts of a volume and panic. The pass yields the
// same, and the panics are listed.
func TestSkimmersPanic(t *testing.T) {
	base := filepath.Join(t.TempDir(), "rec")
	growSkimmed(t, base, pcp.V3, 3)
	r, err := archive.Open(base, nil)
	require.NoError(t, err)
	q := history.Query{PMIDs: []pcp.PMID{skimID(1)}}
	want := readSteps(t, r, q)
	require.Empty(t, r.Warnings())
	r.BreakKinds()
	assert.Equal(t, want, readSteps(t, r, q))
	require.NotEmpty(t, r.Warnings())
	for _, w := range r.Warnings() {
		var failed *defect.Error
		require.ErrorAs(t, w, &failed)
		assert.Contains(t, string(failed.Stack), "archive.(*skimmer).skim")
	}
}

// TestReadingAheadPanics has a goroutine that reads the file ahead and panics: the goroutine
// of the pass panics.
func TestReadingAheadPanics(t *testing.T) {
	base := longArchive(t, pcp.V3, 50)
	gzip := slices.IndexFunc(packers, func(p packer) bool { return strings.Contains(p.name, "gz") })
	packers[gzip].pack(t, base+".0")
	r, err := archive.Open(base, nil)
	require.NoError(t, err)
	failed := defect.Catch(func() {
		for range r.Steps(history.Query{Stop: panicIn("archive.(*readAhead).run")}) {
		}
	})
	require.NotNil(t, failed)
	assert.Equal(t, "a fault in archive.(*readAhead).run", failed.Value)
	assert.Contains(t, string(failed.Stack), "readAhead).run", "the stack is that of the goroutine that reads")
}
