package ingest

import (
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert/expo"
	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/internal/storetest"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

// nativePage declares a metric of PCP in a comment.
const nativePage = `# PCP5 kernel.all.load 60.2.0 float 60.2 instant none
# TYPE kernel_all_load gauge
kernel_all_load{hostname="web",instname="1 minute",instid="1"} 0.5
`

// importSource imports one source into an archive and opens the archive.
func importSource(t *testing.T, base string, src Source) *archive.Reader {
	t.Helper()
	im, err := New(Options{Out: base, Report: &prom.Report{}})
	require.NoError(t, err)
	res, err := im.Samples(t.Context(), src)
	require.NoError(t, err)
	require.Len(t, res.Archives, 1)
	r, err := archive.Open(base, nil)
	require.NoError(t, err)
	return r
}

// TestSourcesKeepMetrics checks that a metric of PCP stays what it is in a page and
// in an archive that is read as series.
func TestSourcesKeepMetrics(t *testing.T) {
	dir := t.TempDir()
	reader := expo.NewReader([]expo.Input{{
		Name: "page", Time: time.Unix(1_772_893_800, 0),
		Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(nativePage)), nil },
	}}, expo.ReadOptions{})
	first := importSource(t, filepath.Join(dir, "first"), FromPages(reader))

	set := storetest.Open(t, filepath.Join(dir, "first"))
	report := &prom.Report{}
	series := &flatten.Source{Sets: []*store.Set{set}, To: pcp.MaxTime, Options: flatten.Options{AllNames: true, TargetLabels: true, Report: report}}
	second := importSource(t, filepath.Join(dir, "second"), FromArchives(series, report))

	for name, r := range map[string]*archive.Reader{"from a page": first, "from an archive": second} {
		d, ok := r.Meta().Lookup("kernel.all.load")
		require.True(t, ok, name)
		assert.Equal(t, "60.2.0", d.PMID.String(), name)
		assert.Equal(t, "60.2", d.InDom.String(), name)
	}
}
