package scrape_test

import (
	"io"
	"net/http"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert/expo"
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/scrape"
)

// relay passes a real exporter's pages on and keeps them.
type relay struct {
	target string
	mu     sync.Mutex
	pages  [][]byte
	kind   string
}

func (r *relay) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	out, err := http.NewRequestWithContext(req.Context(), http.MethodGet, r.target, nil)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	out.Header.Set("Accept", req.Header.Get("Accept"))
	resp, err := http.DefaultClient.Do(out)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	r.mu.Lock()
	r.pages, r.kind = append(r.pages, body), resp.Header.Get("Content-Type")
	r.mu.Unlock()
	w.Header().Set("Content-Type", resp.Header.Get("Content-Type"))
	_, _ = w.Write(body)
}

// nodeExporter starts the real node_exporter behind a relay.
func nodeExporter(t *testing.T) (*relay, string) {
	t.Helper()
	r := &relay{target: oracle.NodeExporter(t)}
	return r, serve(t, r)
}

// The main job, judged by the reference: everything the last of ten pages of
// node_exporter says is what pminfo says, and every page is what Prometheus'
// own library reads from the block.
func TestNodeExporter(t *testing.T) {
	t.Parallel()
	var node *relay
	var url string
	var s *session
	var r *archive.Reader
	for range 5 { // a busy machine may let a scrape time out, of which the relay knows nothing
		node, url = nodeExporter(t)
		s = start(t, scrape.Settings{Interval: time.Second}, scrape.Endpoint{URL: url, Name: "node"})
		s.wait(10)
		if r = s.finish(); s.rec.Stats().Failed == 0 {
			break
		}
	}
	require.Zero(t, s.rec.Stats().Failed)
	require.Empty(t, s.report.Losses())
	require.Len(t, node.pages, int(s.rec.Stats().Scrapes))

	check := oracle.Exec(t, "pmlogcheck", s.base)
	assert.Equal(t, oracle.Result{}, check, "pmlogcheck is silent")
	assert.NotEmpty(t, oracle.Run(t, "pmdumplog", "-z", "-a", s.base))

	last := parsePage(t, node.pages[len(node.pages)-1], node.kind)
	t.Run("pminfo", func(t *testing.T) { comparePminfo(t, s.base, last) })
	t.Run("pmval", func(t *testing.T) { comparePmval(t, s.base, last) })
	t.Run("block", func(t *testing.T) { compareBlock(t, r, node, url) })
	t.Run("page", func(t *testing.T) { comparePage(t, r, last) })
}

func parsePage(t *testing.T, page []byte, kind string) []expo.Entry {
	t.Helper()
	var entries []expo.Entry
	for e, err := range expo.Page(page, kind, nil) {
		require.NoError(t, err)
		entries = append(entries, e)
	}
	require.NotEmpty(t, entries)
	return entries
}

var (
	pminfoHead  = regexp.MustCompile(`^(openmetrics\S+)(?: \[(.*)\])?$`)
	pminfoValue = regexp.MustCompile(`^    (?:inst \[\d+ or "\d+ (.*)"\] )?value (.*)$`)
	pminfoLabel = regexp.MustCompile(`^    (?:inst \[\d+ or "\d+ (.*)"\] )?labels (.*)$`)
)
