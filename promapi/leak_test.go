package promapi

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// TestNoGoroutineLeft has clients that leave, that read slowly, and whose queries take too
// long. Afterwards nothing runs, and all places are free.
func TestNoGoroutineLeft(t *testing.T) {
	a := newAPI(t, Options{Concurrency: 3, QueueTimeout: time.Minute}, hostFolder(t))
	before := goleak.IgnoreCurrent()
	srv := httptest.NewServer(a.Handler())
	client := &http.Client{Transport: &http.Transport{}}
	slow := "/api/v1/query_range?" + form("query", "sum_over_time(kernel_all_load[30m:1ms])", "start", fmt.Sprint(start), "end", fmt.Sprint(finish), "step", "1")
	lines := []string{
		slow, slow + "&timeout=10ms", "/api/v1/query?query=hits_total&time=" + fmt.Sprint(finish), `/api/v1/series?match[]={__name__=~".%2B"}`,
		"/api/v1/labels?" + window, "/federate?match[]=hits_total", "/api/v1/query_exemplars?query=hits_total&" + window, "/api/v1/status/tsdb",
	}
	var all sync.WaitGroup
	for i := range 40 {
		all.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(1+i)*5*time.Millisecond)
			defer cancel()
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL+lines[i%len(lines)], nil)
			if !assert.NoError(t, err) {
				return
			}
			resp, err := client.Do(req)
			if err != nil {
				return // the client has left
			}
			defer resp.Body.Close()
			one := make([]byte, 1)
			_, _ = resp.Body.Read(one) // the rest stays unread
		})
	}
	all.Wait()
	client.CloseIdleConnections()
	srv.Close()
	require.Eventually(t, func() bool { return len(a.gate.places) == 0 }, time.Minute, 10*time.Millisecond, "places are taken")
	require.NoError(t, goleak.Find(before))
}
