package serve

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/exporter-toolkit/web"
	"golang.org/x/net/netutil"

	"github.com/pcparchive/pcparchive/columns"
	"github.com/pcparchive/pcparchive/internal/defect"
	"github.com/pcparchive/pcparchive/overview"
	"github.com/pcparchive/pcparchive/serve/timeshift"
	"github.com/pcparchive/pcparchive/store"
)

// Server serves archives. Run may be called once.
type Server struct {
	opts      Options
	log       *slog.Logger
	states    states
	metrics   *metrics
	reloads   chan chan error
	listeners []net.Listener
	scheme    string
	draining  chan struct{} // closed when Run begins to drain
	filler    *columns.Filler
	ruler     *ruler
	receiver  *receiver  // nil if the server receives nothing
	looking   sync.Mutex // held while the server looks for archives
	pcp       *pcpServices
	indexes   *seriesIndexes
	overview  *overview.Cache
}

// New opens the archives and the addresses. The error is an [*OptionError] for wrong
// options, a [*store.NotArchiveError] for a path that is neither a folder nor an
// archive, or that of the address. A folder may be empty, and archives may be damaged.
// The caller calls Run or Close.
func New(ctx context.Context, o Options) (*Server, error) {
	o = o.withDefaults()
	if err := o.check(); err != nil {
		return nil, err
	}
	s := &Server{opts: o, log: o.Logger, reloads: make(chan chan error), draining: make(chan struct{})}
	if err := s.openReceiver(); err != nil {
		return nil, err
	}
	if err := checkPaths(o.Paths); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	var err error
	if s.ruler, err = newRuler(s); err != nil {
		return nil, errors.Join(&OptionError{"RuleFiles", err}, s.Close())
	}
	s.filler = columns.NewFiller(o.Query.Columns, 0)
	s.pcp, s.indexes, s.overview = newPCPServices(s), newSeriesIndexes(), newOverview(o)
	s.metrics = newMetrics(s)
	if s.scheme, err = schemeOf(o.WebConfig); err != nil {
		return nil, errors.Join(&OptionError{"WebConfig", err}, s.Close())
	}
	for _, address := range o.Listen {
		l, err := net.Listen("tcp", address)
		if err != nil {
			return nil, errors.Join(err, s.Close())
		}
		s.listeners = append(s.listeners, netutil.LimitListener(l, o.MaxConnections))
	}
	if err := s.checkReceiving(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if err := s.rescan(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// checkPaths returns the reason of the first path that can never have archives.
func checkPaths(paths []string) error {
	for _, path := range paths {
		if store.Exists(path) {
			continue
		}
		if _, err := store.Open([]string{path}, nil); err != nil {
			return err
		}
	}
	return nil
}

// Close closes the addresses of a Server that does not run.
func (s *Server) Close() error {
	failed := s.receiver.close()
	for _, l := range s.listeners {
		failed = errors.Join(failed, l.Close())
	}
	return failed
}

// Run serves until ctx ends, and then lets running requests finish. It returns nil after
// that, and an error if an address fails.
func (s *Server) Run(ctx context.Context) error {
	// Requests outlive ctx while they drain.
	requests, endRequests := context.WithCancel(context.WithoutCancel(ctx))
	defer endRequests()
	handler := s.handler()
	failed := make(chan error, len(s.listeners))
	var servers []*http.Server
	var running sync.WaitGroup
	for _, l := range s.listeners {
		srv := s.httpServer(handler, requests)
		servers = append(servers, srv)
		running.Go(func() {
			err := web.Serve(l, srv, &web.FlagConfig{WebConfigFile: &s.opts.WebConfig}, slog.New(slog.DiscardHandler))
			if !errors.Is(err, http.ErrServerClosed) {
				failed <- fmt.Errorf("%s: %w", l.Addr(), err)
			}
		})
	}
	loop, endLoop := context.WithCancel(ctx)
	running.Go(func() { s.keep(loop, "following archives", s.follow) })
	running.Go(func() { s.keep(loop, "column cache", s.filler.Run) })
	running.Go(func() { s.keep(loop, "rules", s.ruler.run) })
	running.Go(func() { s.keep(loop, "receiver", s.receiver.run) })
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	endLoop()
	close(s.draining)
	s.drain(servers, endRequests)
	running.Wait()
	return errors.Join(err, s.receiver.close())
}

// The times after which a connection ends.
const (
	headerTimeout = 10 * time.Second
	bodyTimeout   = time.Minute
	idleTimeout   = 2 * time.Minute
	writeTimeout  = 30 * time.Second // without progress
	maxHeader     = 64 << 10
)

func (s *Server) httpServer(handler http.Handler, base context.Context) *http.Server {
	return &http.Server{
		Handler: handler, BaseContext: func(net.Listener) context.Context { return base },
		ReadHeaderTimeout: headerTimeout, ReadTimeout: bodyTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader,
		ConnState: s.metrics.connection, ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
}

// drain lets requests finish within the time allowed for that, and ends the others.
func (s *Server) drain(servers []*http.Server, endRequests func()) {
	limit, cancel := context.WithTimeout(context.Background(), s.opts.DrainTimeout)
	defer cancel()
	var draining sync.WaitGroup
	for _, srv := range servers {
		draining.Go(func() {
			if srv.Shutdown(limit) == nil {
				return
			}
			s.log.Warn("requests did not finish in time and are ended", "limit", s.opts.DrainTimeout)
			endRequests()
			// Their handlers notice the end of their context and reply.
			last, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			if srv.Shutdown(last) != nil {
				_ = srv.Close()
			}
		})
	}
	draining.Wait()
}

// Reload reads the rule files again and looks for archives now. It returns an error if a
// rule file is wrong, if looking for archives failed, or if the server does not run. After
// an error, the former rules or the former state of the archives stay in force.
func (s *Server) Reload(ctx context.Context) error {
	done := make(chan error, 1)
	select {
	case s.reloads <- done:
	case <-s.draining:
		return http.ErrServerClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// follow renews the state until ctx ends.
func (s *Server) follow(ctx context.Context) {
	var tick <-chan time.Time
	if s.opts.Rescan > 0 {
		ticker := time.NewTicker(s.opts.Rescan)
		defer ticker.Stop()
		tick = ticker.C
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick:
			_ = s.rescan(ctx) // reported by itself
		case <-s.receiver.arrived():
			_ = s.rescan(ctx)
		case done := <-s.reloads:
			done <- defect.Guard(func() error { return errors.Join(s.ruler.reload(), s.rescan(ctx)) })
		}
	}
}

// rescan renews the state.
func (s *Server) rescan(ctx context.Context) error {
	s.looking.Lock()
	defer s.looking.Unlock()
	begin := time.Now()
	former := s.states.current // only rescan changes it
	next, changed, err := openState(ctx, s.opts, former)
	s.metrics.rescanned(time.Since(begin), err)
	if err != nil {
		if ctx.Err() == nil {
			s.log.Error("looking for archives failed", "err", err)
		}
		return err
	}
	if !changed {
		return nil
	}
	next.views = s.indexes.viewsOf(next)
	clock := s.states.clock
	if clock == nil {
		clock = s.clock(next.window)
	}
	s.states.set(next, clock)
	s.filler.Follow(next.sets())
	s.ruler.follow()
	s.report(former, next)
	if next.hosts != nil {
		next.hosts.Remember() // for the next start
	}
	return nil
}

// clock returns the Clock that moves a recording of a window; nil if its times stay.
func (s *Server) clock(w Window) *timeshift.Clock {
	switch now := s.opts.now(); {
	case w.IsZero():
		return nil
	case s.opts.Replay > 0:
		return timeshift.Replay(w.Start.UnixMilli(), w.End.UnixMilli(), now, s.opts.Replay)
	case s.opts.ShiftTo.Equal(Now):
		return timeshift.Fixed(w.End.UnixMilli(), now)
	case !s.opts.ShiftTo.IsZero():
		return timeshift.Fixed(w.End.UnixMilli(), s.opts.ShiftTo)
	}
	return nil
}

// report logs the differences between the former state and the next one.
func (s *Server) report(former, next *state) {
	known := map[Damage]bool{}
	level := slog.LevelInfo
	if former != nil {
		for _, d := range former.damage() {
			known[d] = true
		}
		if former.archives() == next.archives() && len(former.lines) == len(next.lines) {
			level = slog.LevelDebug
		}
	}
	s.log.Log(context.Background(), level, "archives found", "hosts", len(next.lines), "archives", next.archives(), "blocks", len(next.blocks.Blocks()))
	for _, d := range next.damage() {
		if !known[d] {
			s.log.Warn("cannot be read, or not completely", "path", d.Path, "reason", d.Reason)
		}
	}
}
