package tsdb_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pcparchive/pcparchive/internal/sinktest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/write"
	"github.com/pcparchive/pcparchive/internal/oracle"
)

const step = 15000

// overMidnight writes an hour of samples, half of it on the next day. One
// series pauses in the middle, having said so.
func overMidnight(t *testing.T) (b *write.Blocks, dir string, start int64, want content) {
	t.Helper()
	b, dir = newBlocks(t, write.Options{})
	rng := rand.New(rand.NewPCG(7, 8))
	start = noon + 12*hour - hour/2
	want = content{}
	all := make([]*prom.Series, 20)
	for i := range all {
		all[i] = newSeries(i, "load", fmt.Sprintf("cpu%02d", i))
	}
	for row := range int64(240) {
		now := start + row*step
		for i, s := range all {
			v := []float64{float64(row), rng.NormFloat64(), math.Inf(1 - 2*(i&4)), 1e300 * rng.Float64()}[i%4]
			if i == 7 && row > 90 && row < 150 {
				if row > 91 {
					continue
				}
				v = prom.StaleNaN
			}
			require.NoError(t, sinktest.Put(b, s, now, v))
			key := s.Labels[0].Value
			if !prom.IsStale(v) {
				want[key] = append(want[key], at(now, v))
			}
		}
	}
	require.NoError(t, sinktest.Finish(b))
	require.Len(t, b.Written(), 2)
	return b, dir, start, want
}

func TestPromtool(t *testing.T) {
	b, dir, _, _ := overMidnight(t)
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
	_, dir, start, want := overMidnight(t)
	reply := rangeQuery(t, oracle.Prometheus(t, dir, ""), "load", start, start+239*step)
	require.Len(t, reply, len(want))
	got := content{}
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
}

// promPoint is a time in seconds and a value as text.
type promPoint [2]any

func (p promPoint) point(t *testing.T) point {
	t.Helper()
	v, err := strconv.ParseFloat(p[1].(string), 64)
	require.NoError(t, err)
	return at(int64(math.Round(p[0].(float64)*1000)), v)
}

func rangeQuery(t *testing.T, address, query string, start, end int64) []promSeries {
	t.Helper()
	seconds := func(ms int64) string { return strconv.FormatFloat(float64(ms)/1000, 'f', 3, 64) }
	return ask(t, address, "query_range", url.Values{
		"query": {query}, "start": {seconds(start)}, "end": {seconds(end)}, "step": {seconds(step)},
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
