package promapi

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gogo/protobuf/proto"
	"github.com/klauspost/compress/snappy"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/prometheus/prompb"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/tsdbutil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/nativehist"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/query"
)

// TestDamageIsAWarning damages the middle of one of two hosts' archives. Answers that
// need it say so, and have the rest.
func TestDamageIsAWarning(t *testing.T) {
	dir := t.TempDir()
	recordHost(t, filepath.Join(dir, "db1"), "db1")
	recordHost(t, filepath.Join(dir, "db2"), "db2")
	data, err := os.ReadFile(filepath.Join(dir, "db2.0"))
	require.NoError(t, err)
	copy(data[len(data)/2:], bytes.Repeat([]byte{0xff}, 64))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "db2.0"), data, 0o666))
	srv := serving(t, newAPI(t, Options{}, dir))
	for _, line := range []string{
		"/api/v1/query_range?query=kernel_all_load&step=10&" + window, "/api/v1/query?" + form("query", "count_over_time(kernel_all_load[30m])", "time", fmt.Sprint(finish)),
	} {
		got := ask(t, srv, line)
		assert.Equal(t, http.StatusOK, got.Code, line)
		assert.Len(t, got.Data.(map[string]any)["result"], 6, line)
		require.NotEmpty(t, got.Warnings, line)
		assert.Contains(t, strings.Join(got.Warnings, "\n"), "db2", line)
		assert.NotContains(t, strings.Join(got.Warnings, "\n"), "db1:", line)
	}
	assert.Empty(t, ask(t, srv, "/api/v1/query?query=1%2B1").Warnings)
}

// TestPanickingQuery names the query in the log, and serves on.
func TestPanickingQuery(t *testing.T) {
	var log bytes.Buffer
	view := viewOf(nil, query.Options{})
	view.Engine = view.Engine.WithView(func(storage.Queryable) storage.Queryable { return panicking{} })
	a := newAPI(t, Options{Source: view, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	for range 2 {
		w := do(t, a, http.MethodGet, "/api/v1/query?query=some_metric")
		assert.Equal(t, http.StatusInternalServerError, w.Code)
		assert.Contains(t, w.Body.String(), `"errorType":"internal"`)
	}
	assert.Contains(t, log.String(), "query=some_metric")
	assert.Contains(t, log.String(), "api_test.go", "the stack")
	assert.Equal(t, http.StatusOK, do(t, a, http.MethodGet, "/api/v1/format_query?query=x").Code)
	assert.Empty(t, a.gate.places)
}

// histogramHost writes an archive with native histograms: with exponential and with
// custom buckets.
func histogramHost(t *testing.T) string {
	t.Helper()
	base := filepath.Join(t.TempDir(), "rec")
	a, err := archive.Create(base, archive.Header{Host: "db1", Zone: "UTC", PID: 1}, nil)
	require.NoError(t, err)
	m, err := mapper.New(mapper.Options{Host: "db1"})
	require.NoError(t, err)
	src, err := m.Source(mapper.Target{Name: "web", Job: "web", Instance: "web:1"})
	require.NoError(t, err)
	sink := convert.NewToArchive(a)
	for i := range int64(recordings) {
		src.Begin(pcp.TimestampMilli((start + 10*i) * 1000))
		for name, h := range map[string]func(int64) ([]byte, error){
			"rpc": func(i int64) ([]byte, error) { return nativehist.Encode(tsdbutil.GenerateTestHistogram(i), nil) },
			"custom": func(i int64) ([]byte, error) {
				return nativehist.Encode(tsdbutil.GenerateTestCustomBucketsHistogram(i), nil)
			},
		} {
			s, err := src.HistogramSeries(name, nil, prom.Family{Name: name, Type: prom.TypeHistogram})
			require.NoError(t, err)
			data, err := h(i)
			require.NoError(t, err)
			src.SetHistogram(s, data)
		}
		require.NoError(t, sink.Put(src.Step()))
	}
	require.NoError(t, a.Close())
	return base
}

// TestNativeHistograms has them in queries, in both forms of remote read, and in
// federation.
func TestNativeHistograms(t *testing.T) {
	srv := serving(t, newAPI(t, Options{}, histogramHost(t)))
	instant := ask(t, srv, "/api/v1/query?query=rpc&time="+fmt.Sprint(finish)).Data.(map[string]any)["result"].([]any)
	require.Len(t, instant, 1)
	count := instant[0].(map[string]any)["histogram"].([]any)[1].(map[string]any)["count"]
	h := tsdbutil.GenerateTestHistogram(recordings - 1)
	assert.Equal(t, fmt.Sprint(h.Count), count)

	q := readQuery("__name__", "rpc")
	whole := post(t, srv, &prompb.ReadRequest{Queries: []*prompb.Query{q}})
	data, err := snappy.Decode(nil, []byte(readAll(t, whole.Body)))
	require.NoError(t, err)
	reply := &prompb.ReadResponse{}
	require.NoError(t, proto.Unmarshal(data, reply))
	require.Len(t, reply.Results[0].Timeseries, 1)
	all := reply.Results[0].Timeseries[0].Histograms
	require.Len(t, all, recordings)
	assert.Equal(t, h.Count, all[recordings-1].GetCountInt())

	streamed := post(t, srv, &prompb.ReadRequest{Queries: []*prompb.Query{q}, AcceptedResponseTypes: []prompb.ReadRequest_ResponseType{prompb.ReadRequest_STREAMED_XOR_CHUNKS}})
	body := readAll(t, streamed.Body)
	assert.Positive(t, len(body))

	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv+"/federate?match[]=rpc&match[]=custom", nil)
	require.NoError(t, err)
	format := expfmt.NewFormat(expfmt.TypeProtoDelim)
	req.Header.Set("Accept", string(format))
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	families := map[string]*dto.MetricFamily{}
	for dec := expfmt.NewDecoder(resp.Body, format); ; {
		f := &dto.MetricFamily{}
		err := dec.Decode(f)
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		families[f.GetName()] = f
	}
	native := families["rpc"].GetMetric()[0].GetHistogram()
	assert.InDelta(t, float64(h.Count), native.GetSampleCountFloat(), 0)
	assert.Equal(t, h.Schema, native.GetSchema())
	classic := families["custom"].GetMetric()[0].GetHistogram()
	assert.Len(t, classic.GetBucket(), len(tsdbutil.GenerateTestCustomBucketsHistogram(0).CustomValues))
	text := readAllOf(t, srv+"/federate?match[]=rpc&match[]=custom")
	assert.NotContains(t, text, "rpc", "text has no native histograms")
	assert.Contains(t, text, `custom_bucket{instance="web:1",job="web",le="+Inf"}`)
	assert.False(t, math.IsNaN(native.GetSampleSum()))
}

func readAllOf(t *testing.T, url string) string {
	t.Helper()
	resp, err := http.Get(url)
	require.NoError(t, err)
	defer resp.Body.Close()
	return readAll(t, resp.Body)
}
