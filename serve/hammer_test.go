package serve

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/columns"
	"github.com/pcparchive/pcparchive/internal/cachedir"
	"github.com/pcparchive/pcparchive/query"
)

// hammerTime and hammerClients say how hard TestHammer tries. For the long version:
//
//	PCPARCHIVE_HAMMER=1m go test -race ./serve -run Hammer
var (
	hammerTime    = 2 * time.Second
	hammerClients = 40
)

// churn changes archives below dir until ctx ends: it makes, removes, cuts, replaces and
// extends them. The archives of host steady stay as they are.
func churn(ctx context.Context, t *testing.T, dir string) {
	rng := rand.New(rand.NewPCG(1, 2))
	growing, sec := record(t, filepath.Join(dir, "growing"), "growing").put(0, 5), 5
	for i := 0; ctx.Err() == nil; i++ {
		base := filepath.Join(dir, fmt.Sprintf("churn%d", rng.IntN(4)))
		switch rng.IntN(5) {
		case 0, 1:
			for _, suffix := range []string{".0", ".meta", ".index"} {
				_ = os.Remove(base + suffix) // it may be absent
			}
			record(t, base, fmt.Sprintf("host%d", rng.IntN(3))).put(0, 20+rng.IntN(50)).close()
		case 2:
			_ = os.Remove(base + []string{".0", ".meta", ".index"}[rng.IntN(3)])
		case 3:
			_ = os.Truncate(base+[]string{".0", ".meta", ".index"}[rng.IntN(3)], rng.Int64N(3000))
		case 4:
			growing.put(sec, sec+3)
			sec += 3
			assert.NoError(t, growing.a.Flush())
		}
		time.Sleep(5 * time.Millisecond)
	}
	growing.close()
}

// TestHammer lets many clients ask while archives come, go and are damaged. Answers about
// the archive that stays are right; every other answer is an answer of the API.
func TestHammer(t *testing.T) {
	if long := os.Getenv("PCPARCHIVE_HAMMER"); long != "" {
		d, err := time.ParseDuration(long)
		require.NoError(t, err)
		hammerTime, hammerClients = d, 200
	}
	t.Run("volumes", func(t *testing.T) { hammer(t, Options{}, func(context.Context) {}) })
	t.Run("columns", func(t *testing.T) {
		folder := cachedir.Open(t.TempDir(), 100_000)
		hammer(t, Options{Query: query.Options{Columns: columns.NewCache(folder)}}, func(ctx context.Context) { spoilCache(ctx, folder.Path()) })
	})
}

// spoilCache removes and damages files of a cache until ctx ends.
func spoilCache(ctx context.Context, dir string) {
	rng := rand.New(rand.NewPCG(3, 4))
	for ctx.Err() == nil {
		files, _ := filepath.Glob(filepath.Join(dir, "*.*")) // the pattern is valid
		if len(files) > 0 {
			file := files[rng.IntN(len(files))]
			if data, err := os.ReadFile(file); err == nil && len(data) > 0 && rng.IntN(2) == 0 {
				data[rng.IntN(len(data))] ^= 1
				_ = os.WriteFile(file, data, 0o600) // another may have removed it
			} else {
				_ = os.Remove(file)
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// hammer asks a server whose archives change, while meanwhile runs.
func hammer(t *testing.T, o Options, meanwhile func(context.Context)) {
	t.Helper()
	dir := t.TempDir()
	record(t, filepath.Join(dir, "steady"), "steady").put(0, 100).close()
	yesterday := time.Now().Add(-24 * time.Hour)
	for _, suffix := range []string{".0", ".meta", ".index"} {
		require.NoError(t, os.Chtimes(filepath.Join(dir, "steady"+suffix), yesterday, yesterday)) // it counts as closed
	}
	o.Paths, o.Rescan, o.DrainTimeout = []string{dir}, 20*time.Millisecond, time.Minute
	s := run(t, o)
	ctx, cancel := context.WithTimeout(context.Background(), hammerTime)
	defer cancel()
	var all sync.WaitGroup
	all.Go(func() { churn(ctx, t, dir) })
	all.Go(func() { meanwhile(ctx) })
	var right, others, left atomic.Int64
	for i := range hammerClients {
		all.Go(func() {
			client := &http.Client{Transport: &http.Transport{}}
			defer client.CloseIdleConnections()
			rng := rand.New(rand.NewPCG(uint64(i), 7))
			for kind, first := i%8, true; first || ctx.Err() == nil; kind, first = rng.IntN(8), false {
				switch kind {
				case 0:
					leave(t, s.url, rng)
					left.Add(1)
				case 1, 2, 3:
					body := fetch(t, client, s.url+"/api/v1/query?time="+seconds(at(99))+"&query="+url.QueryEscape(`sum_over_time(kernel_all_load{hostname="steady",instname="1 minute"}[10s])`))
					if assert.Contains(t, body, `"945"`) {
						right.Add(1)
					}
				case 4:
					fetch(t, client, s.url+"/")
				default:
					path := []string{
						"/api/v1/query_range?query=rate(test_requests[10s])&step=1&start=" + seconds(at(0)) + "&end=" + seconds(at(200)),
						"/api/v1/label/hostname/values", "/api/v1/labels", "/api/v1/series?match[]=test_requests", "/-/metrics",
						"/api/v1/query?query=count(kernel_all_load)&time=" + seconds(at(30)),
					}[rng.IntN(6)]
					body := fetch(t, client, s.url+path)
					assert.True(t, strings.HasPrefix(body, `{"status":"`) || strings.HasPrefix(body, "# HELP"), body)
					others.Add(1)
				}
			}
		})
	}
	all.Wait()
	assert.Positive(t, right.Load())
	assert.Positive(t, others.Load())
	assert.Positive(t, left.Load())
	t.Logf("%d right answers, %d others, %d clients left", right.Load(), others.Load(), left.Load())
}

// fetch returns the body of a reply.
func fetch(t *testing.T, client *http.Client, address string) string {
	resp, err := client.Get(address)
	if !assert.NoError(t, err) {
		return ""
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	assert.NoError(t, err)
	assert.Less(t, resp.StatusCode, 500, "%s: %s", address, body)
	return string(body)
}

// leave sends a request, or a part of it, and closes the connection without reading the
// whole reply.
func leave(t *testing.T, address string, rng *rand.Rand) {
	conn, err := net.Dial("tcp", strings.TrimPrefix(address, "http://"))
	if !assert.NoError(t, err) {
		return
	}
	defer conn.Close()
	request := "GET /api/v1/query_range?query=kernel_all_load&step=1&start=" + seconds(at(0)) + "&end=" + seconds(at(5000)) + " HTTP/1.1\r\nHost: x\r\n\r\n"
	_, _ = io.WriteString(conn, request[:rng.IntN(len(request)+1)])
	assert.NoError(t, conn.SetReadDeadline(time.Now().Add(50*time.Millisecond)))
	_, _ = conn.Read(make([]byte, rng.IntN(3000)))
}

// TestSlowReader wants a client that does not read to be disconnected.
func TestSlowReader(t *testing.T) {
	base := filepath.Join(t.TempDir(), "rec")
	record(t, base, "web1").put(0, 3000).close()
	s := run(t, Options{Paths: []string{base}, Rescan: -1, writeTimeout: 50 * time.Millisecond})
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.(*net.TCPConn).SetReadBuffer(4096))
	// Replies of some MB do not fit the buffers of the system.
	one := "GET /api/v1/query?query=" + url.QueryEscape(`{__name__=~"kernel_all_load|test_requests"}[1h]`) + "&time=" + seconds(at(3000)) + " HTTP/1.1\r\nHost: x\r\n\r\n"
	go func() {
		_, _ = io.WriteString(conn, strings.Repeat(one, 200)) // ends with the connection
	}()
	require.Eventually(t, func() bool {
		_, metrics, _ := s.get("/-/metrics")
		return strings.Contains(metrics, "pcparchive_http_requests_in_flight 1\n") && s.metrics.openConns.Load() == 1
	}, time.Minute, 20*time.Millisecond, "only the connection that asks is left")
}
