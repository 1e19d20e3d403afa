package serve

import (
	"encoding/json"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// hammerClient is one of the clients of TestHammer.
type hammerClient struct {
	t    *testing.T
	url  string
	http *http.Client
	rng  *rand.Rand
}

func newHammerClient(t *testing.T, address string, seed uint64) *hammerClient {
	return &hammerClient{t, address, &http.Client{Transport: &http.Transport{}}, rand.New(rand.NewPCG(seed, 7))}
}

// usual is the number of behaviours that clients have most of the time.
const usual = 6

// next returns the number of the next behaviour.
func (c *hammerClient) next() int {
	if c.rng.IntN(4) > 0 {
		return c.rng.IntN(usual)
	}
	return c.rng.IntN(len(behaviours))
}

// behaviours are what clients do, the usual ones first.
var behaviours = []struct {
	name string
	run  func(*hammerClient)
}{
	{"answers about the archive that stays", (*hammerClient).askSteady},
	{"answers about the archive that stays, again", (*hammerClient).askSteady},
	{"answers about archives that change", (*hammerClient).askChanging},
	{"answers about archives that change, again", (*hammerClient).askChanging},
	{"series of the archive that stays", (*hammerClient).askSeries},
	{"pages", func(c *hammerClient) { c.get("/api/archives") }},
	{"clients that left", (*hammerClient).leave},
	{"slow readers", (*hammerClient).readSlowly},
	{"long expressions", (*hammerClient).sendLong},
	{"huge parameters", (*hammerClient).sendHuge},
	{"paths that try to leave", (*hammerClient).leavePath},
	{"queries that explode", (*hammerClient).explode},
}

// askSeries asks as the clients of PCP's web daemon do, who are refused while there are too
// many.
func (c *hammerClient) askSeries() {
	body := c.get("/series/query?expr=" + url.QueryEscape(`sum_sample(kernel.all.load{hostname=="steady"}[count:1])`))
	assert.True(c.t, strings.Contains(body, `"value":"99.5"`) || strings.Contains(body, `"success":false`), body)
	body = c.get(c.pick("/series/labels", "/series/query?expr=rate(test.requests[count:9])", "/search/text?query=load", "/series/metrics"))
	assert.True(c.t, json.Valid([]byte(body)), body)
}

// pick returns one of several texts.
func (c *hammerClient) pick(all ...string) string { return all[c.rng.IntN(len(all))] }

// get returns the body of a reply, which is not a defect of the server.
func (c *hammerClient) get(path string) string {
	resp, err := c.http.Get(c.url + path)
	return c.body(path, resp, err)
}

// post sends a form.
func (c *hammerClient) post(path, form string) string {
	resp, err := c.http.Post(c.url+path, "application/x-www-form-urlencoded", strings.NewReader(form))
	return c.body(path, resp, err)
}

// body returns the body of a reply.
func (c *hammerClient) body(path string, resp *http.Response, err error) string {
	if !assert.NoError(c.t, err) {
		return ""
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	assert.NoError(c.t, err)
	assert.True(c.t, resp.StatusCode < 500 || resp.StatusCode == http.StatusServiceUnavailable, "%s: %d %s", path, resp.StatusCode, body)
	return string(body)
}

// failed returns the kind of an error that the API replied with; "" for an answer.
func (c *hammerClient) failed(body string) string {
	var reply struct{ Status, ErrorType, Error string }
	assert.NoError(c.t, json.Unmarshal([]byte(body), &reply), body)
	assert.Equal(c.t, reply.Status == "error", reply.Error != "", body)
	return reply.ErrorType
}

// askSteady asks for values that never change.
func (c *hammerClient) askSteady() {
	body := c.get("/api/v1/query?time=" + seconds(at(99)) + "&query=" + url.QueryEscape(`sum_over_time(kernel_all_load{hostname="steady",instname="1 minute"}[10s])`))
	if kind := c.failed(body); kind == "" {
		assert.Contains(c.t, body, `"945"`)
	} else {
		assert.Equal(c.t, "timeout", kind, body)
	}
}

// askChanging asks for what may come and go.
func (c *hammerClient) askChanging() {
	body := c.get(c.pick(
		"/api/v1/query_range?query=rate(test_requests[10s])&step=1&start="+seconds(at(0))+"&end="+seconds(at(200)),
		"/api/v1/label/hostname/values", "/api/v1/labels", "/api/v1/series?match[]=test_requests", "/-/metrics", "/federate?match[]=kernel_all_load",
		"/api/v1/query?query=count(kernel_all_load)&time="+seconds(at(30)), "/api/v1/status/tsdb", "/api/v1/metadata",
	))
	busy := strings.HasPrefix(body, "query timed out in query queue") // the text with which /federate refuses
	assert.True(c.t, busy || body == "" || strings.HasPrefix(body, `{"status":"`) || strings.HasPrefix(body, "# "), body)
}

// raw sends the bytes of a request on a connection of its own.
func (c *hammerClient) raw(request string, use func(net.Conn)) {
	conn, err := net.Dial("tcp", strings.TrimPrefix(c.url, "http://"))
	if !assert.NoError(c.t, err) {
		return
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, request) // the server may have replied and closed
	use(conn)
}

// largeReply is a request with a reply of some hundred kilobytes.
func largeReply() string {
	return "GET /api/v1/query_range?query=kernel_all_load&step=1&start=" + seconds(at(0)) + "&end=" + seconds(at(5000)) + " HTTP/1.1\r\nHost: x\r\n\r\n"
}

// leave sends a request, or a part of it, and closes the connection without reading the
// whole reply.
func (c *hammerClient) leave() {
	request := largeReply()
	c.raw(request[:c.rng.IntN(len(request)+1)], func(conn net.Conn) {
		assert.NoError(c.t, conn.SetReadDeadline(time.Now().Add(50*time.Millisecond)))
		_, _ = conn.Read(make([]byte, c.rng.IntN(3000)))
	})
}

// readSlowly takes a reply in small pieces, and leaves after a while.
func (c *hammerClient) readSlowly() {
	c.raw(largeReply(), func(conn net.Conn) {
		_ = conn.(*net.TCPConn).SetReadBuffer(4096)
		piece := make([]byte, 512)
		for range 20 {
			assert.NoError(c.t, conn.SetReadDeadline(time.Now().Add(20*time.Millisecond)))
			_, _ = conn.Read(piece)
			time.Sleep(5 * time.Millisecond)
		}
	})
}

// megabyte is the size of long expressions.
const megabyte = 1 << 20

// The long expressions: sums, parentheses, a name, a pattern.
var longExpressions = []string{
	"query=1" + strings.Repeat("%2B1", megabyte/4), "query=" + strings.Repeat("(", megabyte), "query=" + strings.Repeat("a", megabyte),
	"query=kernel_all_load%7Bhostname%3D~%22" + strings.Repeat("a%7C", megabyte/4) + "%22%7D", "query=" + strings.Repeat("%22", megabyte/3),
}

// sendLong sends an expression of a megabyte.
func (c *hammerClient) sendLong() {
	body := c.post("/api/v1/query", longExpressions[c.rng.IntN(len(longExpressions))])
	assert.Less(c.t, len(body), megabyte, "an error does not repeat the expression")
	c.failed(body)
}

// The huge parameters.
var (
	hugeText   = strings.Repeat("9", megabyte)
	manyLabels = "match[]=x" + strings.Repeat("&match[]=x", 20_000)
)

// refused expects the refusal of a parameter, unless the request waited too long for its turn.
func (c *hammerClient) refused(body string) {
	assert.Contains(c.t, []string{"bad_data", "timeout"}, c.failed(body), body)
}

// sendHuge sends parameters and headers of unusual size or value.
func (c *hammerClient) sendHuge() {
	switch c.rng.IntN(5) {
	case 0:
		c.refused(c.post("/api/v1/query", "query=1&time="+hugeText))
	case 1:
		c.failed(c.post("/api/v1/series", manyLabels))
	case 2:
		c.refused(c.get("/api/v1/query_range?query=1&step=1e-300&start=-1e308&end=1e308"))
	case 3:
		c.failed(c.get("/api/v1/label/" + hugeText[:60_000] + "/values?limit=-5&start=1e300"))
	default:
		c.raw("GET / HTTP/1.1\r\nHost: x\r\nX-Long: "+hugeText[:100_000]+"\r\n\r\n", func(conn net.Conn) {
			assert.NoError(c.t, conn.SetReadDeadline(time.Now().Add(time.Minute)))
			status := make([]byte, len("HTTP/1.1 431"))
			if _, err := io.ReadFull(conn, status); err == nil { // the connection may be reset before
				assert.Equal(c.t, "HTTP/1.1 431", string(status))
			}
		})
	}
}

// leavePath asks for files outside the server's paths.
func (c *hammerClient) leavePath() {
	path := c.pick("/../../../../etc/passwd", "/api/v1/../../../etc/passwd", "/..%2f..%2f..%2fetc%2fpasswd", "/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd", "/api/v1/label/..%2f..%2fx/values", "/\\..\\x")
	c.raw("GET "+path+" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", func(conn net.Conn) {
		assert.NoError(c.t, conn.SetReadDeadline(time.Now().Add(time.Minute)))
		reply, err := io.ReadAll(conn)
		assert.NoError(c.t, err)
		assert.Regexp(c.t, `^HTTP/1\.1 (400|404|307|301|200) `, string(reply))
		assert.NotContains(c.t, string(reply), "root:")
	})
}

// thousandTerms is an expression of 3,000 selectors.
var thousandTerms = "kernel_all_load" + strings.Repeat(" + kernel_all_load", 2999)

// explode asks for more than the server should give.
func (c *hammerClient) explode() {
	query := c.pick("sum_over_time(kernel_all_load[100y:1s])", "sum_over_time(kernel_all_load[200y:1ms])", thousandTerms,
		`count_over_time({__name__=~".+"}[100y])`, "quantile_over_time(0.5, test_requests[30d:100ms])", `{__name__=~".+"}[200y]`)
	body := c.post("/api/v1/query", url.Values{"query": {query}, "time": {seconds(at(90))}}.Encode())
	if kind := c.failed(body); kind != "" {
		assert.Contains(c.t, []string{"timeout", "execution", "bad_data", "canceled"}, kind, body)
	}
}
