package serve

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start is the time of the first record; tests count seconds from it.
var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func at(sec float64) time.Time { return start.Add(time.Duration(sec * float64(time.Second))) }

var load = &meta.Desc{
	PMID: pcp.NewPMID(60, 2, 0), Type: pcp.TypeDouble, InDom: pcp.NewInDomID(60, 2), Sem: pcp.SemInstant, Names: []string{"kernel.all.load"},
}

var requests = &meta.Desc{
	PMID: pcp.NewPMID(60, 3, 0), Type: pcp.TypeU64, InDom: pcp.InDomNull, Sem: pcp.SemCounter, Names: []string{"test.requests"},
}

// recorder writes an archive with a record each second.
type recorder struct {
	t testing.TB
	a *archive.Appender
}

func record(t testing.TB, base, host string) *recorder {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(base), 0o755))
	a, err := archive.Create(base, archive.Header{Host: host, Zone: "UTC", PID: 1}, nil)
	require.NoError(t, err)
	return &recorder{t, a}
}

// put writes records for the seconds from first on, before last.
func (r *recorder) put(first, last int) *recorder {
	r.t.Helper()
	require.NoError(r.t, r.a.Define(load))
	require.NoError(r.t, r.a.Define(requests))
	for sec := first; sec < last; sec++ {
		stamp := pcp.TimestampOf(at(float64(sec)))
		if sec == first {
			in := &meta.InDom{Stamp: stamp, ID: load.InDom, Instances: []meta.Instance{{ID: 1, Name: "1 minute"}, {ID: 5, Name: "5 minute"}}}
			require.NoError(r.t, r.a.SetInDom(in))
		}
		require.NoError(r.t, r.a.Append(&archive.Result{Stamp: stamp, Sets: []archive.ValueSet{
			{PMID: load.PMID, Format: archive.Block, Values: []history.Value{history.DoubleValue(1, float64(sec)), history.DoubleValue(5, 0.5)}},
			{PMID: requests.PMID, Format: archive.Block, Values: []history.Value{history.NumberValue(pcp.InstNull, pcp.TypeU64, uint64(10*sec))}},
		}}))
	}
	return r
}

func (r *recorder) close() {
	r.t.Helper()
	require.NoError(r.t, r.a.Close())
}

// running is a Server that runs.
type running struct {
	*Server
	t      testing.TB
	url    string
	client *http.Client
	stop   context.CancelFunc
	ended  chan error
}

// run starts a server on a free port. It ends with the test.
func run(t testing.TB, o Options) *running {
	t.Helper()
	o.Listen = []string{"127.0.0.1:0"}
	ctx, stop := context.WithCancel(context.Background())
	s, err := New(ctx, o)
	if err != nil {
		stop()
	}
	require.NoError(t, err)
	r := &running{Server: s, t: t, url: s.Addresses()[0], client: &http.Client{Transport: &http.Transport{}}, stop: stop, ended: make(chan error, 1)}
	go func() { r.ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		r.end()
		r.client.CloseIdleConnections()
	})
	return r
}

// end stops the server and waits for its end.
func (r *running) end() {
	r.t.Helper()
	r.stop()
	if r.ended == nil {
		return
	}
	select {
	case err := <-r.ended:
		assert.NoError(r.t, err)
	case <-time.After(time.Minute):
		assert.Fail(r.t, "the server does not end")
	}
	r.ended = nil
}

// get requests a path.
func (r *running) get(path string) (status int, body string, header http.Header) {
	r.t.Helper()
	resp, err := r.client.Get(r.url + path)
	require.NoError(r.t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(r.t, err)
	return resp.StatusCode, string(text), resp.Header
}

// answer is a reply of the API.
type answer struct {
	Status string
	Error  string
	Data   struct {
		Result []struct {
			Metric map[string]string
			Value  [2]any
		}
	}
	Warnings []string
}

// query evaluates an expression at a time.
func (r *running) query(expr string, at time.Time) answer {
	r.t.Helper()
	form := url.Values{"query": {expr}, "time": {seconds(at)}}
	_, body, _ := r.get("/api/v1/query?" + form.Encode())
	var a answer
	require.NoError(r.t, json.Unmarshal([]byte(body), &a), body)
	return a
}

// value returns the only value of an expression, "" if there is no series.
func (r *running) value(expr string, at time.Time) string {
	r.t.Helper()
	a := r.query(expr, at)
	require.Empty(r.t, a.Error)
	if len(a.Data.Result) == 0 {
		return ""
	}
	require.Len(r.t, a.Data.Result, 1)
	return fmt.Sprint(a.Data.Result[0].Value[1])
}

// reload asks the server to look for archives, and returns the reply.
func (r *running) reload() string {
	r.t.Helper()
	resp, err := r.client.Post(r.url+"/-/reload", "", nil)
	require.NoError(r.t, err)
	defer resp.Body.Close()
	reply, err := io.ReadAll(resp.Body)
	require.NoError(r.t, err)
	require.Equal(r.t, http.StatusOK, resp.StatusCode)
	return string(reply)
}
