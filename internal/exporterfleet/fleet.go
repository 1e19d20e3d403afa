// Package exporterfleet serves the pages of thousands of exporters on one listener, for
// tests of recorders.
//
// A target has an address of its own, 127.x.y.z, or a path of its own. The value of each
// of its series is the number of the scrape, so that a lost or repeated scrape shows in
// an archive. Some targets may misbehave, see [Behaviour].
package exporterfleet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Options describe a Fleet.
type Options struct {
	Targets int
	Series  int // of each target
	// Metrics is the number of metrics that the series of a target belong to; zero means
	// one for ten series.
	Metrics int
	// Churn is the number of series of a target that others replace with each scrape.
	Churn int
	// Own makes the labels of each target's series differ from those of other targets.
	Own bool
	// Delay is the time after which a target answers.
	Delay time.Duration
	// Behave says how a target answers; nil means that all are Good.
	Behave func(target int) Behaviour
	// Keep makes the Fleet remember every answer, see Answers.
	Keep bool
}

// Answer is a complete page that a target sent.
type Answer struct {
	Scrape int64     // its number, which is the value of all series on the page
	Asked  time.Time // when the request came
	Done   time.Time // when the last byte was written
}

// Fleet is a running server.
type Fleet struct {
	opts    Options
	server  *http.Server
	port    int
	targets []target
	first   atomic.Int64 // the targets that discovery lists
	alive   atomic.Int64
	stop    chan struct{}
	ended   sync.WaitGroup
}

// target is the state of an exporter.
type target struct {
	mu      sync.Mutex
	scrapes int64 // requests so far
	last    Answer
	answers []Answer
	served  int64 // complete pages
}

// Start starts a Fleet on a free port of all addresses of the machine.
func Start(o Options) (*Fleet, error) {
	if o.Metrics == 0 {
		o.Metrics = max(1, o.Series/10)
	}
	f := &Fleet{opts: o, targets: make([]target, o.Targets), stop: make(chan struct{})}
	f.alive.Store(int64(o.Targets))
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp4", ":0")
	if err != nil {
		return nil, err
	}
	f.port = listener.Addr().(*net.TCPAddr).Port
	f.server = &http.Server{Handler: f, ReadHeaderTimeout: time.Minute}
	f.ended.Go(func() {
		if err := f.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			panic(err) // tests would wait for ever
		}
	})
	return f, nil
}

// Close ends the server and the answers that hang.
func (f *Fleet) Close() error {
	close(f.stop)
	err := f.server.Close()
	f.ended.Wait()
	return err
}

// firstAddress is the address of target 0: 127.1.0.0.
const firstAddress = 1 << 16

// Group is a target as Prometheus' configurations and discoveries write it.
type Group struct {
	Targets []string          `json:"targets"`
	Labels  map[string]string `json:"labels"`
}

// Group returns a target with its number as instance. Where a system has many loopback
// addresses, each target has its own; elsewhere it has a path of its own.
func (f *Fleet) Group(target int) Group {
	g := Group{[]string{f.Address(target)}, map[string]string{"instance": fmt.Sprintf("t%d", target)}}
	if runtime.GOOS != "linux" {
		g.Targets[0] = fmt.Sprintf("127.0.0.1:%d", f.port)
		g.Labels["__metrics_path__"] = fmt.Sprintf("/t/%d/metrics", target)
	}
	return g
}

// Address returns host and port of a target.
func (f *Fleet) Address(target int) string {
	n := firstAddress + target
	return fmt.Sprintf("127.%d.%d.%d:%d", n>>16, n>>8&255, n&255, f.port)
}

// PathURL returns the URL of a target on the address that all share.
func (f *Fleet) PathURL(target int) string {
	return fmt.Sprintf("http://127.0.0.1:%d/t/%d/metrics", f.port, target)
}

// SDURL returns the URL that lists the targets for Prometheus' http_sd_configs.
func (f *Fleet) SDURL() string { return fmt.Sprintf("http://127.0.0.1:%d/sd", f.port) }

// SetAlive makes discovery list count targets from first on.
func (f *Fleet) SetAlive(first, count int) {
	f.first.Store(int64(first))
	f.alive.Store(int64(count))
}

// Served returns the number of complete pages that a target sent, and the last one.
func (f *Fleet) Served(target int) (pages int64, last Answer) {
	t := &f.targets[target]
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.served, t.last
}

// Answers returns all complete pages that a target sent, if the Fleet keeps them.
func (f *Fleet) Answers(target int) []Answer {
	t := &f.targets[target]
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]Answer(nil), t.answers...)
}

// Total returns the number of complete pages of all targets.
func (f *Fleet) Total() (pages int64) {
	for i := range f.targets {
		n, _ := f.Served(i)
		pages += n
	}
	return pages
}

// ServeHTTP answers a request.
func (f *Fleet) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/sd" {
		f.list(w)
		return
	}
	n, ok := f.targetOf(r)
	if !ok {
		http.NotFound(w, r)
		return
	}
	f.answer(w, r, n)
}

// targetOf returns the target that a request is for.
func (f *Fleet) targetOf(r *http.Request) (int, bool) {
	if rest, ok := strings.CutPrefix(r.URL.Path, "/t/"); ok {
		number, _, _ := strings.Cut(rest, "/")
		n, err := strconv.Atoi(number)
		return n, err == nil && n >= 0 && n < len(f.targets)
	}
	host, _, _ := strings.Cut(r.Host, ":")
	ip := net.ParseIP(host).To4()
	if ip == nil {
		return 0, false
	}
	n := (int(ip[1])<<16 | int(ip[2])<<8 | int(ip[3])) - firstAddress
	return n, n >= 0 && n < len(f.targets)
}

// list answers as http_sd_configs wants it.
func (f *Fleet) list(w http.ResponseWriter) {
	first := int(f.first.Load())
	groups := []Group{}
	for i := first; i < min(first+int(f.alive.Load()), len(f.targets)); i++ {
		groups = append(groups, f.Group(i))
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(groups) // the client sees a failure
}
