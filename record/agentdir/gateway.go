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

// gateway is the server in this process to which the scraper connects.
type gateway struct {
	fetch    *fetcher
	timeout  time.Duration
	listener *pipeListener
	server   *http.Server
	log      *slog.Logger

	mu      sync.RWMutex
	sources map[string]*Source
}

func newGateway(fetch *fetcher, timeout time.Duration, log *slog.Logger) *gateway {
	g := &gateway{fetch: fetch, timeout: timeout, listener: newPipeListener(), log: log}
	g.server = &http.Server{Handler: g, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0), ReadHeaderTimeout: time.Minute}
	g.server.SetKeepAlivesEnabled(false)           // idle connections would cost more memory than new ones time
	go func() { _ = g.server.Serve(g.listener) }() // ends with ErrServerClosed
	return g
}

// close ends the server, and running executables.
func (g *gateway) close() error {
	g.fetch.close()
	return g.server.Close()
}

// dial connects to a source, or to any other address.
func (g *gateway) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err == nil && strings.HasSuffix(host, hostSuffix) {
		return g.listener.Dial(ctx)
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

// ServeHTTP replies with the page of the source that the request's host names.
func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	s := g.source(strings.TrimSuffix(host, hostSuffix))
	if s == nil {
		fail(w, 0, errors.New("the configuration folder has no such source any more"))
		return
	}
	limit := g.timeout
	if seconds, err := strconv.ParseFloat(r.Header.Get("X-Prometheus-Scrape-Timeout-Seconds"), 64); err == nil && seconds > 0 {
		limit = time.Duration(seconds * float64(time.Second))
	}
	ctx, cancel := context.WithTimeout(r.Context(), max(limit-slack, limit/2))
	defer cancel()
	d, page, err := g.page(ctx, s)
	if err != nil {
		code := d.code
		if code < 300 {
			code = 0
		}
		fail(w, code, err)
		return
	}
	kind := "text/plain; version=0.0.4; charset=utf-8"
	if d.openMetrics {
		kind = d.contentType
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Length", strconv.Itoa(len(page)))
	_, _ = w.Write(page) // the scraper reports the error
}

// fail replies with the cause in place of the status's name, which the scraper puts into its
// error. A code of 0 means that the cause has nothing to do with HTTP.
func fail(w http.ResponseWriter, code int, cause error) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, cause.Error(), http.StatusBadGateway)
		return
	}
	reason := strings.TrimPrefix(cause.Error(), fmt.Sprintf("server returned HTTP status %03d ", code))
	_, _ = fmt.Fprintf(conn, "HTTP/1.1 %03d %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", code, safetext.Line(cut(reason)))
	_ = conn.Close() // the scraper has the reply, or has gone
}

// cut shortens a text that an executable or a server may have made long.
func cut(text string) string {
	const most = 500
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}

// page fetches the page of a source and keeps the outcome.
func (g *gateway) page(ctx context.Context, s *Source) (document, []byte, error) {
	d, stderr, err := g.fetch.get(ctx, s)
	s.mu.Lock()
	defer s.mu.Unlock()
	if errors.Is(err, context.DeadlineExceeded) {
		err = errors.New("no complete reply within the time limit")
	}
	var page []byte
	bad, first := 0, error(nil)
	if err == nil {
		page, bad, first, err = s.rewrite(d)
	}
	s.tell(g.log, stderr, bad, first)
	s.outcome = Outcome{Code: d.code, Err: err, Bad: bad}
	return d, page, err
}
