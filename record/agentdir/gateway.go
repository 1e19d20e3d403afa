package agentdir

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pcparchive/pcparchive/internal/safetext"
)

// hostSuffix ends the addresses of sources. No name in the DNS ends so.
const hostSuffix = ".config.invalid"

// gateway replies in this process to the scraper's requests for pages of sources.
type gateway struct {
	fetch   *fetcher
	timeout time.Duration
	keep    bool // connections stay for the next scrape
	log     *slog.Logger
	ctx     context.Context // ends with the gateway
	end     context.CancelFunc

	mu      sync.RWMutex
	sources map[string]*Source
}

// keepBelow is the interval of scrapes below which connections are kept. They take about 25 kB
// each, more than new ones are worth where scrapes are rare.
const keepBelow = 5 * time.Second

func newGateway(fetch *fetcher, interval, timeout time.Duration, log *slog.Logger) *gateway {
	g := &gateway{fetch: fetch, timeout: timeout, keep: interval < keepBelow, log: log}
	g.ctx, g.end = context.WithCancel(context.Background())
	return g
}

// close ends all connections, and running executables.
func (g *gateway) close() {
	g.end()
	g.fetch.close()
}

// dial connects to a source, or to any other address.
func (g *gateway) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err == nil && strings.HasSuffix(host, hostSuffix) {
		return newPageConn(g), nil
	}
	return (&net.Dialer{}).DialContext(ctx, network, address)
}

// serve makes the gateway serve sources.
func (g *gateway) serve(sources map[string]*Source) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.sources = sources
}

// source returns the source of a name, nil if there is none.
func (g *gateway) source(name string) *Source {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return g.sources[name]
}

// slack is the part of a scrape's timeout that is left for the way of the page to the scraper.
const slack = 50 * time.Millisecond

// reply fetches the page of the source that the request's host names. It returns the parts of
// the response, and the buffer that the last one is in; nil if there is none.
func (g *gateway) reply(ctx context.Context, r *http.Request) (parts net.Buffers, buffer *[]byte) {
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	s := g.source(strings.TrimSuffix(host, hostSuffix))
	if s == nil {
		return g.fail(0, errors.New("the configuration folder has no such source any more")), nil
	}
	limit := g.timeout
	if seconds, err := strconv.ParseFloat(r.Header.Get("X-Prometheus-Scrape-Timeout-Seconds"), 64); err == nil && seconds > 0 {
		limit = time.Duration(seconds * float64(time.Second))
	}
	ctx, cancel := context.WithTimeout(ctx, max(limit-slack, limit/2))
	defer cancel()
	d, page, err := g.page(ctx, s)
	if err != nil {
		code := d.code
		if code < 300 {
			code = 0
		}
		freePage(page)
		return g.fail(code, err), nil
	}
	kind := "text/plain; version=0.0.4; charset=utf-8"
	if d.openMetrics {
		kind = d.contentType
	}
	return net.Buffers{g.head("200 OK", len(*page), "Content-Type: "+safetext.Line(kind)+"\r\n"), *page}, page
}

// head returns the head of a response. fields are further lines.
func (g *gateway) head(status string, length int, fields string) []byte {
	if !g.keep {
		fields += "Connection: close\r\n"
	}
	return fmt.Appendf(nil, "HTTP/1.1 %s\r\nContent-Length: %d\r\n%s\r\n", status, length, fields)
}

// longestReason is the number of characters of a cause, which an executable or a server may
// have made long.
const longestReason = 500

// fail replies with the cause in place of the status's name, which the scraper puts into its
// error. A code of 0 means that the cause has nothing to do with HTTP.
func (g *gateway) fail(code int, cause error) net.Buffers {
	reason := strings.TrimPrefix(cause.Error(), fmt.Sprintf("server returned HTTP status %03d ", code))
	return net.Buffers{g.head(fmt.Sprintf("%03d %s", code, safetext.Line(safetext.Cut(reason, longestReason))), 0, "")}
}

// page fetches the page of a source and keeps the outcome.
func (g *gateway) page(ctx context.Context, s *Source) (document, *[]byte, error) {
	d, stderr, err := g.fetch.get(ctx, s)
	page := newPage()
	s.mu.Lock()
	defer s.mu.Unlock()
	if errors.Is(err, context.DeadlineExceeded) {
		err = errors.New("no complete reply within the time limit")
	}
	bad, first := 0, error(nil)
	if err == nil {
		*page, bad, first, err = s.rewrite(d, *page)
	}
	d.free()
	s.tell(g.log, stderr, bad, first)
	s.outcome = Outcome{Code: d.code, Err: err, Bad: bad}
	return d, page, err
}
