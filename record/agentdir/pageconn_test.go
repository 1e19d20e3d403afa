package agentdir

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// gatewayOf returns a gateway with a source x, a client of it, and the number of connections
// that the client opened.
func gatewayOf(t *testing.T, url string, interval time.Duration) (*gateway, *http.Client, *atomic.Int32) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.url")
	require.NoError(t, os.WriteFile(path, []byte(url+"\n"), 0o600))
	s, faults, err := newSource(entry{name: "x", path: path})
	require.NoError(t, err)
	require.Empty(t, faults)
	g := newGateway(newFetcher("test", 1<<20), interval, time.Minute, slog.New(slog.DiscardHandler))
	t.Cleanup(g.close)
	g.serve(map[string]*Source{"x": s})
	var opened atomic.Int32
	return g, &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		opened.Add(1)
		return g.dial(ctx, network, address)
	}}}, &opened
}

// ask gets the page of source x.
func ask(ctx context.Context, client *http.Client) (page, status string, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://x"+hostSuffix+"/", nil)
	if err != nil {
		return "", "", err
	}
	reply, err := client.Do(r)
	if err != nil {
		return "", "", err
	}
	defer func() { _ = reply.Body.Close() }()
	text, err := io.ReadAll(reply.Body)
	return string(text), reply.Status, err
}

// Connections stay where scrapes are frequent. Each reply is that of its own request, although
// pages share buffers.
func TestPageConn(t *testing.T) {
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		n := asked.Add(1)
		if n%4 == 0 {
			http.Error(w, "no", http.StatusTeapot)
			return
		}
		for i := range 1000 * (n % 3) {
			_, _ = fmt.Fprintf(w, "m{i=\"%d\"} %d\n", i, n)
		}
		_, _ = fmt.Fprintf(w, "last %d\n", n)
	}))
	t.Cleanup(server.Close)
	for interval, want := range map[time.Duration]int32{time.Second: 1, time.Minute: 20} {
		asked.Store(0)
		_, client, opened := gatewayOf(t, server.URL, interval)
		for n := int32(1); n <= 20; n++ {
			page, status, err := ask(t.Context(), client)
			require.NoError(t, err)
			if n%4 == 0 {
				assert.Equal(t, "418 I'm a teapot", status)
				assert.Empty(t, page)
				continue
			}
			assert.Equal(t, "200 OK", status)
			assert.Contains(t, page, fmt.Sprintf("last %d\n", n))
			if n%3 > 0 {
				assert.Contains(t, page, fmt.Sprintf("m{i=\"0\"} %d\n", n))
			}
		}
		assert.Equal(t, want, opened.Load(), interval)
	}
}

// A scraper that no longer waits, and the end of the gateway, end the fetch.
func TestPageConnEnds(t *testing.T) {
	began, ended := make(chan bool), make(chan bool)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		began <- true
		<-r.Context().Done()
		ended <- true
	}))
	t.Cleanup(server.Close)
	g, client, _ := gatewayOf(t, server.URL, time.Second)
	ctx, cancel := context.WithCancel(t.Context())
	for _, end := range []func(){cancel, g.close} {
		failed := make(chan error, 1)
		go func() {
			_, _, err := ask(ctx, client)
			failed <- err
		}()
		<-began
		end()
		<-ended
		require.Error(t, <-failed)
		ctx = t.Context()
	}
	_, _, err := ask(t.Context(), client)
	require.Error(t, err)
}
