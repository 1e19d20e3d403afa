package promapi

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/gogo/protobuf/proto"
	"github.com/klauspost/compress/snappy"
	"github.com/prometheus/prometheus/prompb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/query"
)

func readAll(t testing.TB, r io.Reader) string {
	t.Helper()
	b, err := io.ReadAll(r)
	require.NoError(t, err)
	return string(b)
}

// TestRemoteReadByPrometheus asks Debian's Prometheus, which has no data but those that
// it reads from the API.
func TestRemoteReadByPrometheus(t *testing.T) {
	srv := serving(t, newAPI(t, Options{}, hostFolder(t)))
	reading := "http://" + oracle.Prometheus(t, t.TempDir(), fmt.Sprintf("remote_read: [{url: '%s/api/v1/read', read_recent: true}]", srv))
	for _, expr := range []string{"hits_total", "kernel_all_load", `{__name__=~".+"}`, "rate(lat_seconds_count[1m])", "hinv_ncpu", "nothing", `kernel_all_load{instname!~"1.*"}`} {
		for _, line := range []string{
			"/api/v1/query?" + form("query", expr, "time", fmt.Sprint(start+900)),
			"/api/v1/query_range?" + form("query", expr, "start", fmt.Sprint(start), "end", fmt.Sprint(finish), "step", "15"),
		} {
			theirs := ask(t, reading, line)
			require.Empty(t, theirs.Warnings)
			assert.Equal(t, sorted(ask(t, srv, line).Data), sorted(theirs.Data), line)
		}
	}
	line := "/api/v1/series?" + window + "&" + form("match[]", `{__name__=~".+"}`)
	assert.Equal(t, ask(t, srv, line).Data, ask(t, reading, line).Data)
}

// post sends a read request.
func post(t testing.TB, base string, req *prompb.ReadRequest) *http.Response {
	t.Helper()
	data, err := proto.Marshal(req)
	require.NoError(t, err)
	resp, err := http.Post(base+"/api/v1/read", "application/x-protobuf", bytes.NewReader(snappy.Encode(nil, data)))
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, resp.Body.Close()) })
	return resp
}

func readQuery(name, v string) *prompb.Query {
	return &prompb.Query{StartTimestampMs: start * 1000, EndTimestampMs: finish * 1000, Matchers: []*prompb.LabelMatcher{{Name: name, Value: v}}}
}

// samplesOf reads a reply of either form as series with lists of samples.
func samplesOf(t testing.TB, resp *http.Response) map[string][]string {
	t.Helper()
	require.Equal(t, http.StatusOK, resp.StatusCode)
	all := map[string][]string{}
	add := func(query int64, ls []prompb.Label, at int64, v float64) {
		key := fmt.Sprint(query, " ", ls)
		all[key] = append(all[key], fmt.Sprint(at, "=", v))
	}
	if resp.Header.Get("Content-Encoding") == "snappy" {
		data, err := snappy.Decode(nil, []byte(readAll(t, resp.Body)))
		require.NoError(t, err)
		reply := &prompb.ReadResponse{}
		require.NoError(t, proto.Unmarshal(data, reply))
		for i, result := range reply.Results {
			for _, s := range result.Timeseries {
				for _, p := range s.Samples {
					add(int64(i), s.Labels, p.Timestamp, p.Value)
				}
			}
		}
		return all
	}
	for in := bufio.NewReader(resp.Body); ; {
		frame := readFrame(t, in)
		if frame == nil {
			return all
		}
		for _, s := range frame.ChunkedSeries {
			for _, c := range s.Chunks {
				require.Equal(t, prompb.Chunk_XOR, c.Type)
				chunk, err := chunkenc.FromData(chunkenc.EncXOR, c.Data)
				require.NoError(t, err)
				it := chunk.Iterator(nil)
				for it.Next() != chunkenc.ValNone {
					at, v := it.At()
					require.True(t, at >= c.MinTimeMs && at <= c.MaxTimeMs)
					add(frame.QueryIndex, s.Labels, at, v)
				}
				require.NoError(t, it.Err())
			}
		}
	}
}

// readFrame returns the next frame, nil at the end.
func readFrame(t testing.TB, in *bufio.Reader) *prompb.ChunkedReadResponse {
	t.Helper()
	size, err := binary.ReadUvarint(in)
	if errors.Is(err, io.EOF) {
		return nil
	}
	require.NoError(t, err)
	data := make([]byte, 4+size)
	_, err = io.ReadFull(in, data)
	require.NoError(t, err)
	require.Equal(t, binary.BigEndian.Uint32(data), crc32.Checksum(data[4:], castagnoli))
	frame := &prompb.ChunkedReadResponse{}
	require.NoError(t, proto.Unmarshal(data[4:], frame))
	return frame
}

// TestReadForms compares samples and streamed chunks.
func TestReadForms(t *testing.T) {
	srv := serving(t, newAPI(t, Options{ExternalLabels: map[string]string{"site": "lab"}}, hostFolder(t)))
	queries := []*prompb.Query{readQuery("__name__", "hits_total"), readQuery("__name__", "nothing"), readQuery("instname", "1 minute")}
	queries[2].Matchers = append(queries[2].Matchers, &prompb.LabelMatcher{Name: "site", Value: "lab"})
	samples := samplesOf(t, post(t, srv, &prompb.ReadRequest{Queries: queries}))
	require.Len(t, samples, 4, "three series of the first query and one of the last")
	for key, points := range samples {
		assert.Contains(t, key, "lab", "external labels are there")
		assert.Len(t, points, recordings-map[bool]int{true: 1}[strings.HasPrefix(key, "0")], key) // the last scrape is a second too late
	}
	for _, types := range [][]prompb.ReadRequest_ResponseType{{prompb.ReadRequest_STREAMED_XOR_CHUNKS}, {prompb.ReadRequest_STREAMED_XOR_CHUNKS, prompb.ReadRequest_SAMPLES}} {
		resp := post(t, srv, &prompb.ReadRequest{Queries: queries, AcceptedResponseTypes: types})
		assert.Equal(t, "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse", resp.Header.Get("Content-Type"))
		assert.Equal(t, samples, samplesOf(t, resp))
	}
	first := post(t, srv, &prompb.ReadRequest{Queries: queries, AcceptedResponseTypes: []prompb.ReadRequest_ResponseType{prompb.ReadRequest_SAMPLES, prompb.ReadRequest_STREAMED_XOR_CHUNKS}})
	assert.Equal(t, samples, samplesOf(t, first))
}

// TestReadErrors sends what is no read request, and one that needs too much.
func TestReadErrors(t *testing.T) {
	dir := hostFolder(t)
	srv := serving(t, newAPI(t, Options{Source: viewOf(openSets(t, dir), query.Options{MaxSamples: 10}), MaxBody: 1000}))
	for _, body := range []string{"x", "\xff\xff\xff\xff\x0f", string(snappy.Encode(nil, []byte("\x0a\x7f"))), strings.Repeat("x", 2000)} {
		resp, err := http.Post(srv+"/api/v1/read", "application/x-protobuf", strings.NewReader(body))
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		want := http.StatusBadRequest
		if len(body) > 1000 {
			want = http.StatusRequestEntityTooLarge
		}
		assert.Equal(t, want, resp.StatusCode, "%q", body)
	}
	wrong := &prompb.Query{Matchers: []*prompb.LabelMatcher{{Type: 7, Name: "x"}}}
	assert.Equal(t, http.StatusBadRequest, post(t, srv, &prompb.ReadRequest{Queries: []*prompb.Query{wrong}}).StatusCode)
	pattern := &prompb.Query{Matchers: []*prompb.LabelMatcher{{Type: prompb.LabelMatcher_RE, Name: "x", Value: "("}}}
	assert.Equal(t, http.StatusBadRequest, post(t, srv, &prompb.ReadRequest{Queries: []*prompb.Query{pattern}}).StatusCode)
	large := post(t, srv, &prompb.ReadRequest{Queries: []*prompb.Query{readQuery("__name__", "hits_total")}})
	assert.Equal(t, http.StatusBadRequest, large.StatusCode)
	assert.Contains(t, readAll(t, large.Body), "more than 10 samples")
}

// TestPromtool asks as a user does.
func TestPromtool(t *testing.T) {
	srv := serving(t, newAPI(t, Options{}, hostFolder(t)))
	from, to := fmt.Sprint(start), fmt.Sprint(finish)
	assert.Equal(t, "hits_total{code=\"404\", instance=\"web:1\", job=\"web\"} => 177 @[1772367000]\n",
		oracle.Run(t, "promtool", "query", "instant", "--time="+fmt.Sprint(start+600), srv, `hits_total{code="404"}`))
	ranged := oracle.Run(t, "promtool", "query", "range", "--start="+from, "--end="+to, "--step=10m", srv, "disk_all_read")
	assert.Contains(t, ranged, "0 @[1772366400]\n3000 @[1772367000]\n6000 @[1772367600]\n")
	assert.Equal(t, 3, strings.Count(oracle.Run(t, "promtool", "query", "series", "--match=kernel_all_load", "--start="+from, "--end="+to, srv), "instname"))
	assert.Equal(t, "200\n404\n500\n", oracle.Run(t, "promtool", "query", "labels", srv, "code"))
}

// TestPromtoolAsPrometheus wants promtool to print the same of this API and of Debian's
// Prometheus over the exported archives, right or wrong.
func TestPromtoolAsPrometheus(t *testing.T) {
	dir := hostFolder(t)
	theirs, ours := debian(t, dir, ""), serving(t, newAPI(t, Options{}, dir))
	from, to, at := fmt.Sprint("--start=", start), fmt.Sprint("--end=", finish), fmt.Sprint("--time=", start+600)
	for _, c := range []struct {
		args []string // before the address
		expr []string // after it
	}{
		{[]string{"instant", at}, []string{"sort(hits_total)"}},
		{[]string{"instant", at, "-o", "json"}, []string{"sort_desc(kernel_all_load)"}},
		{[]string{"instant", at}, []string{"histogram_quantile(0.9, sum by (le) (rate(lat_seconds_bucket[5m])))"}},
		{[]string{"instant", at}, []string{"nothing"}},
		{[]string{"instant", at}, []string{"sum("}},
		{[]string{"range", from, to, "--step=1m"}, []string{"sum by (code) (rate(hits_total[2m]))"}},
		{[]string{"range", from, to, "--step=10m", "-o", "json"}, []string{"disk_all_read"}},
		{[]string{"range", from, to, "--step=1s"}, []string{"time() > bool 1772366409"}},
		{[]string{"range", to, "--start=1.772366e9", "--step=1ms"}, []string{"1"}},
		{[]string{"series", "--match=kernel_all_load", "--match=hits_total", from, to}, nil},
		{[]string{"series", `--match={__name__=~"lat.*",le="+Inf"}`, from, to, "-o", "json"}, nil},
		{[]string{"series", "--match=nothing", from, to}, nil},
		{[]string{"series", "--match={}", from, to}, nil},
		{[]string{"labels", from, to}, []string{"code"}},
		{[]string{"labels", from, to, "--match=kernel_all_load"}, []string{"instname"}},
		{[]string{"labels", from, to, "--match=hits_total", "-o", "json"}, []string{"__name__"}},
		{[]string{"labels", from, to}, []string{"none"}},
	} {
		ask := func(server string) oracle.Result {
			args := append([]string{"query"}, c.args...)
			r := oracle.Exec(t, "promtool", append(append(args, server), c.expr...)...)
			r.Stderr = strings.ReplaceAll(r.Stderr, server, "SERVER")
			return r
		}
		want, got := ask(theirs), ask(ours)
		assert.Equal(t, want, got, "%s %s", c.args, c.expr)
	}
}
