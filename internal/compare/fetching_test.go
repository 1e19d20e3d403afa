package compare

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/exporterfleet"
)

// fetchVariable makes the test program fetch the URLs that it holds, once a second each.
const fetchVariable = "PCPARCHIVE_TEST_FETCH"

// fetchEvery is the interval of a fetcher.
const fetchEvery = time.Second

// TestMain makes the program a fetcher, see bench.fetcher, or runs the tests.
func TestMain(m *testing.M) {
	if urls := os.Getenv(fetchVariable); urls != "" {
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
		fetch(ctx, strings.Fields(urls), fetchEvery)
		stop()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// fetcher starts a process that does nothing but fetch the pages of a fleet: what every
// recorder in Go takes at least.
func (b *bench) fetcher(f *exporterfleet.Fleet, targets int) *exec.Cmd {
	urls := make([]string, targets)
	for i := range urls {
		urls[i] = f.PathURL(i)
	}
	path, err := os.Executable()
	require.NoError(b.t, err)
	cmd := exec.CommandContext(b.t.Context(), path)
	// One processor is what it needs: with two, Go would wake a thread in vain.
	cmd.Env = append(os.Environ(), fetchVariable+"="+strings.Join(urls, " "), "GOMAXPROCS=1")
	cmd.Stderr = os.Stderr
	require.NoError(b.t, cmd.Start())
	return cmd
}

// fetch gets each page once in an interval over a connection that stays open, spread over
// the interval, until ctx ends.
func fetch(ctx context.Context, urls []string, every time.Duration) {
	var group sync.WaitGroup
	for i, url := range urls {
		group.Go(func() {
			time.Sleep(every * time.Duration(i) / time.Duration(len(urls)))
			tick := time.NewTicker(every)
			defer tick.Stop()
			for {
				if err := get(ctx, url); err != nil && ctx.Err() == nil {
					fmt.Fprintln(os.Stderr, err)
				}
				select {
				case <-ctx.Done():
					return
				case <-tick.C:
				}
			}
		})
	}
	group.Wait()
}

// get fetches a page and throws it away.
func get(ctx context.Context, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, resp.Body)
	if bad := resp.Body.Close(); err == nil {
		err = bad
	}
	return err
}

// A fetcher gets each page in each interval.
func TestFetch(t *testing.T) {
	f, err := exporterfleet.Start(exporterfleet.Options{Targets: 3, Series: 10})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		fetch(ctx, []string{f.PathURL(0), f.PathURL(1), f.PathURL(2)}, 20*time.Millisecond)
	}()
	for i := range 3 {
		require.Eventually(t, func() bool { served, _ := f.Served(i); return served >= 3 }, time.Minute, time.Millisecond)
	}
	cancel()
	<-done
	require.NoError(t, f.Close())
}
