package tsdb_test

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/blocktest"
	"github.com/pcparchive/pcparchive/internal/oracle"
)

func TestPromtool(t *testing.T) {
	b, dir, _, _ := blocktest.OverMidnight(t)
	list := oracle.Run(t, "promtool", "tsdb", "list", dir)
	for _, block := range b.Written() {
		line := regexp.MustCompile(`(?m)^` + block.ULID.String() + `.*$`).FindString(list)
		duration := time.Duration(block.MaxTime-block.MinTime) * time.Millisecond
		fields := strings.Fields(line) // the last is the size, but of the files and hints that promtool knows
		assert.Equal(t, fmt.Sprint(block.ULID, block.MinTime, block.MaxTime, duration,
			block.Samples, block.Chunks, block.Series), strings.Join(fields[:len(fields)-1], " "), list)
		report := oracle.Run(t, "promtool", "tsdb", "analyze", dir, block.ULID.String())
		assert.Contains(t, report, "Series: 20")
		assert.Contains(t, report, "Label names: 2")
		assert.Regexp(t, `(?m)^20 load$`, report)
	}
}

// TestServer asks a Prometheus server that was started on the blocks.
func TestServer(t *testing.T) {
	_, dir, start, want := blocktest.OverMidnight(t)
	reply := rangeQuery(t, oracle.Prometheus(t, dir, ""), "load", start, start+239*blocktest.Step)
	require.Len(t, reply, len(want))
	got := blocktest.Content{}
	for _, series := range reply {
		key := series.Metric["instname"]
		assert.Equal(t, map[string]string{"__name__": "load", "instname": key}, series.Metric)
		for _, p := range series.Values {
			got[key] = append(got[key], p.point(t))
		}
	}
	assert.Equal(t, want, got)
}

// promSeries is a series in a server's reply.
type promSeries struct {
	Metric map[string]string
	Values []promPoint
	Value  promPoint
}

// promPoint is a time in seconds and a value as text.
type promPoint [2]any

func (p promPoint) point(t *testing.T) blocktest.Point {
	t.Helper()
	v, err := strconv.ParseFloat(p[1].(string), 64)
	require.NoError(t, err)
	return blocktest.At(int64(math.Round(p[0].(float64)*1000)), v)
}

func rangeQuery(t *testing.T, address, query string, start, end int64) []promSeries {
	t.Helper()
	seconds := func(ms int64) string { return strconv.FormatFloat(float64(ms)/1000, 'f', 3, 64) }
	return ask(t, address, "query_range", url.Values{
		"query": {query}, "start": {seconds(start)}, "end": {seconds(end)}, "step": {seconds(blocktest.Step)},
	})
}

// ask asks a server's interface.
func ask(t *testing.T, address, what string, params url.Values) []promSeries {
	t.Helper()
	resp, err := http.Get("http://" + address + "/api/v1/" + what + "?" + params.Encode())
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, http.StatusOK, resp.StatusCode)
	var reply struct{ Data struct{ Result []promSeries } }
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&reply))
	return reply.Data.Result
}
