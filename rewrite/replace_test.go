package rewrite_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/rewrite"
)

// hostEditor sets the host name. It calls during in the middle of the copy.
type hostEditor struct{ during func() }

func (hostEditor) Header(h *archive.Header)                          { h.Host = "renamed" }
func (hostEditor) First() []archive.Record                           { return nil }
func (e hostEditor) Meta(r archive.Record) ([]archive.Record, error) { return []archive.Record{r}, nil }
func (e hostEditor) Result(*archive.Result) (keep bool, err error) {
	if e.during != nil {
		e.during()
	}
	return true, nil
}

// small writes an archive of two records.
func small(t *testing.T) string {
	t.Helper()
	base := filepath.Join(t.TempDir(), "rec")
	a, err := archive.Create(base, archive.Header{Host: "web"}, nil)
	require.NoError(t, err)
	d := &meta.Desc{PMID: pcp.NewPMID(60, 0, 1), Type: pcp.TypeU32, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{"web.jobs"}}
	require.NoError(t, a.Define(d))
	for n := range uint32(2) {
		require.NoError(t, a.Append(&archive.Result{Stamp: pcp.Timestamp{Sec: 1700000000 + int64(n)}, Sets: []archive.ValueSet{{PMID: d.PMID, Values: []history.Value{history.WordValue(pcp.InstNull, n)}}}}))
	}
	require.NoError(t, a.Close())
	return base
}

func TestReplace(t *testing.T) {
	base := small(t)
	require.NoError(t, os.Chmod(base+".meta", 0o640))
	report, err := rewrite.Replace(t.Context(), open(t, base)[0], rewrite.Options{Edit: hostEditor{}, Compress: archive.CompressZstd})
	require.NoError(t, err)
	assert.Equal(t, 2, report.Records)
	r := open(t, base)[0]
	assert.Equal(t, "renamed", r.Header().Host)
	var names []string
	entries, err := os.ReadDir(filepath.Dir(base))
	require.NoError(t, err)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	assert.Equal(t, []string{"rec.0.zst", "rec.index", "rec.meta"}, names, "the plain volume is gone")
	info, err := os.Stat(base + ".0.zst")
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o640), info.Mode().Perm())
}

// TestReplaceGrowing replaces an archive that grows meanwhile: nothing changes.
func TestReplaceGrowing(t *testing.T) {
	base := small(t)
	grow := hostEditor{during: func() {
		f, err := os.OpenFile(base+".0", os.O_WRONLY|os.O_APPEND, 0)
		require.NoError(t, err)
		_, err = f.WriteString("more")
		require.NoError(t, err)
		require.NoError(t, f.Close())
	}}
	_, err := rewrite.Replace(t.Context(), open(t, base)[0], rewrite.Options{Edit: grow})
	require.ErrorIs(t, err, rewrite.ErrChanged)
	assert.Equal(t, "web", open(t, base)[0].Header().Host)
	entries, err := os.ReadDir(filepath.Dir(base))
	require.NoError(t, err)
	assert.Len(t, entries, 3)
}

// TestEditOfSeveral: an edit needs one whole archive.
func TestEditOfSeveral(t *testing.T) {
	base := small(t)
	in := open(t, base, base)
	_, err := rewrite.Copy(t.Context(), filepath.Join(t.TempDir(), "out"), in, rewrite.Options{Edit: hostEditor{}})
	require.ErrorContains(t, err, "only the copy of one whole archive can be edited")
}
