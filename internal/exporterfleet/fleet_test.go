package exporterfleet_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/exporterfleet"
)

func start(t *testing.T, o exporterfleet.Options) *exporterfleet.Fleet {
	f, err := exporterfleet.Start(o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, f.Close()) })
	return f
}

func get(t *testing.T, url string) (page string, err error) { return getIn(t, url, time.Minute) }

func getIn(t *testing.T, url string, limit time.Duration) (page string, err error) {
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	require.NoError(t, err)
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer reply.Body.Close()
	text, err := io.ReadAll(io.LimitReader(reply.Body, 1<<20))
	return string(text), err
}

// Each target counts its own scrapes, by address and by path.
func TestCounts(t *testing.T) {
	f := start(t, exporterfleet.Options{Targets: 300, Series: 4, Metrics: 2, Keep: true})
	for _, url := range []string{f.PathURL(1), f.PathURL(2), f.PathURL(1)} {
		_, err := get(t, url)
		require.NoError(t, err)
	}
	page, err := get(t, f.PathURL(1))
	require.NoError(t, err)
	assert.Equal(t, 4, strings.Count(page, "} 3\n"), page)
	assert.Contains(t, page, `fleet_value_1{series="3"} 3`)
	require.Eventually(t, func() bool { return len(f.Answers(1)) == 3 }, time.Minute, time.Millisecond)
	assert.Equal(t, int64(4), f.Total())
	if page, err = get(t, "http://"+f.Address(299)+"/metrics"); err != nil {
		t.Skip("this system has only one loopback address")
	}
	assert.Equal(t, 4, strings.Count(page, "} 1\n"), page)
}

func TestChurn(t *testing.T) {
	f := start(t, exporterfleet.Options{Targets: 1, Series: 10, Metrics: 1, Churn: 2})
	seen := map[string]bool{}
	for range 6 {
		page, err := get(t, f.PathURL(0))
		require.NoError(t, err)
		before := len(seen)
		for line := range strings.Lines(page) {
			if name, _, ok := strings.Cut(line, "} "); ok {
				seen[name] = true
			}
		}
		if before > 0 {
			assert.Len(t, seen, before+2)
		}
	}
}

func TestDiscovery(t *testing.T) {
	f := start(t, exporterfleet.Options{Targets: 20, Series: 1})
	f.SetAlive(18, 5)
	text, err := get(t, f.SDURL())
	require.NoError(t, err)
	var groups []exporterfleet.Group
	require.NoError(t, json.Unmarshal([]byte(text), &groups))
	assert.Equal(t, []exporterfleet.Group{f.Group(18), f.Group(19)}, groups)
}

// A bad target never sends a complete page of the format.
func TestBad(t *testing.T) {
	bad := exporterfleet.Bad()
	f := start(t, exporterfleet.Options{
		Targets: len(bad) + 1, Series: 50,
		Behave: func(n int) exporterfleet.Behaviour { return append(bad, exporterfleet.Good)[n] },
	})
	good, err := get(t, f.PathURL(len(bad)))
	require.NoError(t, err)
	for n, behave := range bad {
		page, err := getIn(t, f.PathURL(n), 200*time.Millisecond)
		assert.True(t, err != nil || page != good, "behaviour %d", behave)
	}
	assert.Equal(t, int64(1), f.Total())
}
