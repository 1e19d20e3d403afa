package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pcparchive/pcparchive/internal/sinktest"

	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/metadata"
	"github.com/prometheus/prometheus/storage"
	promtsdb "github.com/prometheus/prometheus/tsdb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/write"
)

// archivesInPass is how many archives package ingest writes in one pass.
const archivesInPass = 64

// TestImportOfManyHosts has more hosts than are written in one pass, hosts with
// several instances, and names that no file may have.
func TestImportOfManyHosts(t *testing.T) {
	dir := t.TempDir()
	data, out := filepath.Join(dir, "data"), filepath.Join(dir, "out")
	blocks, err := write.NewBlocks(data, write.Options{})
	require.NoError(t, err)
	var all []*prom.Series
	add := func(labels ...prom.Label) {
		all = append(all, &prom.Series{ID: len(all), Name: "up", Labels: labels})
	}
	for i := range archivesInPass + 10 {
		for _, port := range []string{"9100", "9200"} {
			add(prom.Label{Name: "instance", Value: fmt.Sprintf("host%03d:%s", i, port)})
		}
	}
	add(prom.Label{Name: "hostname", Value: "host000"})
	add(prom.Label{Name: "instance", Value: "../a/b"})
	add(prom.Label{Name: "instance", Value: "HOST001"})
	add(prom.Label{Name: "other", Value: "x"})
	for n := range int64(3) {
		for _, s := range all {
			require.NoError(t, sinktest.Put(blocks, s, 1_772_366_400_000+n*1000, float64(n)))
		}
	}
	require.NoError(t, sinktest.Finish(blocks))

	var stdout, stderr bytes.Buffer
	code := run([]string{"import", "tsdb", data, "-o", out, "--output", "json"}, streams{in: strings.NewReader(""), out: &stdout, err: &stderr})
	require.Zero(t, code, stderr.String())
	var got importOutput
	require.NoError(t, json.Unmarshal(stdout.Bytes(), &got))
	byHost := map[string]importedArchive{}
	series := 0
	for _, a := range got.Archives {
		byHost[a.Host] = a
		series += a.Series
		r, err := archive.Open(a.Archive, nil)
		require.NoError(t, err)
		assert.Equal(t, a.Host, r.Header().Host)
	}
	assert.Equal(t, len(all), series)
	assert.Len(t, byHost, archivesInPass+13)
	assert.Equal(t, 3, byHost["host000"].Series)
	assert.EqualValues(t, 6, byHost["host073"].Samples)
	assert.Contains(t, byHost, "unknown")
	assert.Equal(t, out, filepath.Dir(byHost["../a/b"].Archive))
	assert.NotEqual(t, strings.ToLower(byHost["host001"].Archive), strings.ToLower(byHost["HOST001"].Archive))
	entries, err := os.ReadDir(out)
	require.NoError(t, err)
	assert.Len(t, entries, 3*len(got.Archives), "nothing else is left behind")

	// A host of the second pass stands in the way.
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), "host073.") {
			require.NoError(t, os.Remove(filepath.Join(out, e.Name())))
		}
	}
	stderr.Reset()
	require.Equal(t, exitFailed, run([]string{"import", "tsdb", data, "-o", out}, streams{in: strings.NewReader(""), out: &stdout, err: &stderr}))
	assert.Contains(t, stderr.String(), "host073.meta: file already exists")
	entries, err = os.ReadDir(out)
	require.NoError(t, err)
	assert.Len(t, entries, 3, "all archives appear or none")
}

// TestImportOfExemplars has exemplars of a server's log, which come to a dump in
// OpenMetrics.
func TestImportOfExemplars(t *testing.T) {
	dir := t.TempDir()
	data, base := filepath.Join(dir, "data"), filepath.Join(dir, "rec")
	o := promtsdb.DefaultOptions()
	o.EnableExemplarStorage, o.MaxExemplars, o.EnableMetadataWALRecords = true, 10, true
	db, err := promtsdb.Open(data, slog.New(slog.DiscardHandler), nil, o, nil)
	require.NoError(t, err)
	const start = 1_772_366_400_000
	for n := range int64(3) {
		now := start + n*15_000
		app := db.AppenderV2(t.Context())
		_, err := app.Append(0, labels.FromStrings("__name__", "hits_total", "instance", "web:80", "job", "web"), 0, now, float64(n), nil, nil, storage.AppendV2Options{
			Metadata:  metadata.Metadata{Type: "counter", Help: "visits"},
			Exemplars: []exemplar.Exemplar{{Labels: labels.FromStrings("trace_id", fmt.Sprint("t", n)), Value: 0.5, Ts: now - n*100}},
		})
		require.NoError(t, err)
		require.NoError(t, app.Commit())
	}
	require.NoError(t, db.Close())

	var stdout, stderr bytes.Buffer
	std := streams{in: strings.NewReader(""), out: &stdout, err: &stderr}
	require.Zero(t, run([]string{"import", "tsdb", data, "-o", base}, std), stderr.String())
	stdout.Reset()
	require.Zero(t, run([]string{"export", "openmetrics", base, "--start", "start", "--end", "end"}, std), stderr.String())
	assert.Equal(t, `# HELP hits visits
# TYPE hits counter
hits_total{instance="web:80",job="web"} 0.0 1772366400.000 # {trace_id="t0"} 0.5
hits_total{instance="web:80",job="web"} 1.0 1772366415.000 # {trace_id="t1"} 0.5 1772366414.900
hits_total{instance="web:80",job="web"} 2.0 1772366430.000 # {trace_id="t2"} 0.5 1772366429.800
# EOF
`, stdout.String())
	assert.Empty(t, stderr.String())
}
