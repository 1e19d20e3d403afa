package watch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/exporter-toolkit/web"
	promscrape "github.com/prometheus/prometheus/scrape"
	"golang.org/x/net/netutil"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/record"
)

// Recorder is a recording. A [record.Recorder] is one.
type Recorder interface {
	// Ready reports whether the targets are being scraped.
	Ready() bool
	// Reload loads the configuration again.
	Reload(ctx context.Context) error
	// Reloaded returns the number of reloads that succeeded and that failed, whether the
	// last one succeeded, and when one last succeeded.
	Reloaded() (done, failed int, good bool, when time.Time)
	// Synced returns the time from which on data may not be on the disk yet; zero if all
	// is.
	Synced() time.Time
	Stats() record.Stats
	Report() *prom.Report // what could not be recorded as it was
	Archives() []string
	Config() *record.Config
	Targets() map[string][]*promscrape.Target // active ones by job
	Dropped() map[string][]*promscrape.Target // those that relabelling dropped
	DroppedCounts() map[string]int            // also those that Dropped leaves out
	Registry() *prometheus.Registry
	Redact(error) error // the error without secrets
}

var _ Recorder = (*record.Recorder)(nil)

// Options configure a Server. Recorder, Dir and Listen are required.
type Options struct {
	Recorder Recorder
	Dir      string   // folder of the archives
	Listen   []string // addresses as host:port; an empty host means all interfaces
	// WebConfig is a file of Prometheus' exporter-toolkit with TLS, users and headers. ""
	// means none.
	WebConfig string
	// API may be nil. It answers all requests that the Server does not answer itself.
	API http.Handler
	// MaxConnections is the number of connections at a time of each address. Zero means
	// the default.
	MaxConnections int
	Version        string       // of the program
	Log            *slog.Logger // nil discards messages
}

// DefaultMaxConnections is the default of Options.MaxConnections.
const DefaultMaxConnections = 512

// Server answers requests about a recording. Run may be called once.
type Server struct {
	o         Options
	listeners []net.Listener
	began     time.Time
}

// New opens the addresses and registers the metrics. The caller calls Run or Close.
func New(o Options) (*Server, error) {
	o.MaxConnections = cmp.Or(o.MaxConnections, DefaultMaxConnections)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if err := web.Validate(o.WebConfig); err != nil {
		return nil, fmt.Errorf("%s: %w", o.WebConfig, err)
	}
	s := &Server{o: o, began: time.Now()}
	if err := s.register(); err != nil {
		return nil, err
	}
	for _, address := range o.Listen {
		l, err := net.Listen("tcp", address)
		if err != nil {
			return nil, errors.Join(err, s.Close())
		}
		s.listeners = append(s.listeners, netutil.LimitListener(l, o.MaxConnections))
	}
	return s, nil
}

// Close closes the addresses of a Server that does not run.
func (s *Server) Close() (err error) {
	for _, l := range s.listeners {
		err = errors.Join(err, l.Close())
	}
	return err
}

// Addresses returns the addresses at which the Server listens.
func (s *Server) Addresses() []string {
	all := make([]string, len(s.listeners))
	for i, l := range s.listeners {
		all[i] = l.Addr().String()
	}
	return all
}

// The times after which a connection ends, and the longest header of a request.
const (
	headerTimeout = 10 * time.Second
	bodyTimeout   = time.Minute
	writeTimeout  = 5 * time.Minute
	idleTimeout   = 2 * time.Minute
	drainTimeout  = 5 * time.Second
	maxHeader     = 64 << 10
)

// Run answers requests until ctx ends. It returns an error if an address fails.
func (s *Server) Run(ctx context.Context) error {
	handler := s.Handler()
	failed := make(chan error, len(s.listeners))
	servers := make([]*http.Server, 0, len(s.listeners))
	var running sync.WaitGroup
	for _, l := range s.listeners {
		srv := &http.Server{
			Handler: handler, ReadHeaderTimeout: headerTimeout, ReadTimeout: bodyTimeout, WriteTimeout: writeTimeout,
			IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(s.o.Log.Handler(), slog.LevelDebug),
		}
		servers = append(servers, srv)
		running.Go(func() {
			err := web.Serve(l, srv, &web.FlagConfig{WebConfigFile: &s.o.WebConfig}, slog.New(slog.DiscardHandler))
			if !errors.Is(err, http.ErrServerClosed) {
				failed <- fmt.Errorf("%s: %w", l.Addr(), err)
			}
		})
	}
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer cancel()
	for _, srv := range servers {
		if srv.Shutdown(limit) != nil {
			_ = srv.Close() // ends requests that take too long
		}
	}
	running.Wait()
	return err
}
