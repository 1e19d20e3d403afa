package format_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/format"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/pcp"
)

const (
	page  = "# TYPE up gauge\nup 1\n"
	reply = `{"status":"success","data":{"resultType":"vector","result":[]}}`
)

func TestDetect(t *testing.T) {
	dir := t.TempDir()
	archtest.WriteSample(t, filepath.Join(dir, "rec"), pcp.V3)
	for name, content := range map[string]string{
		"page": page, "reply": reply, "object.json": "{\n\"status\": 1}", "utf8": `{"a.b", c="d"} 1` + "\n", "binary": "\x7fELF\x00\x01",
		"blocks/01J/meta.json": "{}", "blocks/01J/index": "", "server/wal/00000000": "", "pages/a.prom": page, "replies/a.json": reply, "other/a.md": "",
	} {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(content), 0o644))
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "page.gz"), archtest.Pack(t, []byte(page), "gzip", "-c"), 0o644))
	archtest.WriteSample(t, filepath.Join(dir, "other", "rec"), pcp.V2)
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "above", "below"), 0o755))
	archtest.WriteSample(t, filepath.Join(dir, "above", "below", "rec"), pcp.V2)
	for name, want := range map[string]format.Format{
		"rec": format.Archive, "rec.0": format.Archive, "other": format.Archive, "above": format.Archive,
		"page": format.Text, "page.gz": format.Text, "utf8": format.Text, "pages": format.Text,
		"reply": format.JSON, "object.json": format.JSON, "replies": format.JSON,
		"blocks": format.Blocks, "blocks/01J": format.Blocks, "server": format.Blocks,
	} {
		got, err := format.Detect(filepath.Join(dir, name))
		require.NoError(t, err, name)
		assert.Equal(t, want, got, name)
	}
	for _, name := range []string{"binary", "server/wal"} {
		_, err := format.Detect(filepath.Join(dir, name))
		require.ErrorIs(t, err, format.ErrUnknown, name)
		assert.Contains(t, err.Error(), filepath.Join(dir, name))
	}
	_, err := format.Detect(os.DevNull)
	require.ErrorIs(t, err, format.ErrNotRegular)
	_, err = format.Detect(filepath.Join(dir, "none"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestDetectReader(t *testing.T) {
	long := page + strings.Repeat("# comment\n", 1000)
	for text, want := range map[string]format.Format{long: format.Text, reply: format.JSON, "": format.Text} {
		got, r, err := format.DetectReader(strings.NewReader(text))
		require.NoError(t, err)
		assert.Equal(t, want, got)
		whole, err := io.ReadAll(r)
		require.NoError(t, err)
		assert.Equal(t, text, string(whole))
	}
	_, _, err := format.DetectReader(strings.NewReader("\x00"))
	require.ErrorIs(t, err, format.ErrUnknown)
}

func TestForOutput(t *testing.T) {
	for name, want := range map[string]format.Format{
		"-": format.Text, "a.prom": format.Text, "a.om": format.OpenMetrics, "a/": format.Blocks, t.TempDir(): format.Blocks, "rec": format.Archive,
	} {
		assert.Equal(t, want, format.ForOutput(name), name)
	}
}

func TestSet(t *testing.T) {
	var f format.Format
	require.NoError(t, f.Set("blocks"))
	assert.Equal(t, format.Blocks, f)
	require.Error(t, f.Set(""))
	assert.Equal(t, "blocks", f.String(), "a wrong name changes nothing")
}
