package compare

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/oracle"
)

// questions are asked of a running server over HTTP, in place of a command.
type questions struct {
	paths    []string // with their queries
	serve    []string // arguments of `pcparchive serve`, without --listen
	blocks   string   // that a Prometheus serves for the same questions; "": nobody does
	fresh    bool     // before each measurement, the server starts with an empty cache
	together bool     // all questions at once
	proxy    string   // address of a pmproxy, which is asked theirs in turn; "": nobody is
	theirs   []string
	packed   bool // replies stay compressed, as a scraper's connection carries them
}

// service is a running server.
type service struct {
	b       *bench
	cmd     *exec.Cmd
	address string
	metrics string // path
	packed  bool   // get returns compressed replies
}

// startOurs starts `pcparchive serve` on a port that the system chooses.
func (b *bench) startOurs(args []string) *service {
	cmd := exec.CommandContext(b.t.Context(), b.ours, append([]string{"serve", "--listen", "127.0.0.1:0", "--rescan", "0", "--log-level", "error"}, args...)...)
	out, err := cmd.StdoutPipe()
	require.NoError(b.t, err)
	cmd.Stderr = os.Stderr
	s := b.start(cmd, "/-/metrics")
	lines := bufio.NewScanner(out)
	for s.address == "" && lines.Scan() {
		if rest, ok := strings.CutPrefix(lines.Text(), "page "); ok {
			s.address = strings.TrimSuffix(strings.TrimSpace(rest), "/")
		}
	}
	require.NotEmpty(b.t, s.address, "serve has printed no address")
	go func() { _, _ = io.Copy(io.Discard, out) }() // ends with the process
	return s
}

// startPrometheus starts a Prometheus over blocks and waits until it is ready.
func (b *bench) startPrometheus(blocks string) *service {
	free, err := (&net.ListenConfig{}).Listen(b.t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(b.t, err)
	address := free.Addr().String()
	require.NoError(b.t, free.Close())
	config := b.dir + "/prometheus.yml"
	require.NoError(b.t, os.WriteFile(config, nil, 0o644))
	cmd := exec.CommandContext(b.t.Context(), oracle.Path(b.t, "prometheus"), "--config.file="+config, "--storage.tsdb.path="+blocks,
		"--storage.tsdb.retention.time=100y", "--web.listen-address="+address, "--log.level=error")
	s := b.start(cmd, "/metrics")
	s.address = "http://" + address
	require.Eventually(b.t, func() bool {
		_, err := s.get("/-/ready")
		return err == nil
	}, time.Minute, 50*time.Millisecond)
	return s
}

func (b *bench) start(cmd *exec.Cmd, metrics string) *service {
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	require.NoError(b.t, cmd.Start())
	return &service{b: b, cmd: cmd, metrics: metrics}
}

// stop ends the server and returns its peak memory.
func (s *service) stop() int64 {
	require.NoError(s.b.t, s.cmd.Process.Signal(syscall.SIGTERM))
	_ = s.cmd.Wait() // a Prometheus may say that the signal ended it
	return peakMemory(s.cmd.ProcessState)
}

// get returns a reply's body.
func (s *service) get(path string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(s.b.t.Context(), 2*time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.address+path, http.NoBody)
	if err != nil {
		return nil, err
	}
	if s.packed {
		req.Header.Set("Accept-Encoding", "gzip")
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }() // read to its end
	body, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = &replyError{path, res.Status, body}
	}
	return body, err
}

// replyError is a reply that is no answer.
type replyError struct {
	path, status string
	body         []byte
}

func (e *replyError) Error() string { return e.path + ": " + e.status + ": " + string(e.body) }

// ask asks the questions and returns how long the answers took.
func (s *service) ask(q *questions) figures {
	s.packed = q.packed
	defer func() { s.packed = false }()
	began := time.Now()
	var all sync.WaitGroup
	errs := make([]error, len(q.paths))
	for i, path := range q.paths {
		one := func() {
			body, err := s.get(path)
			if err == nil && bytes.Contains(body, []byte(`"result":[]`)) {
				err = &replyError{path, "empty result", body}
			}
			errs[i] = err
		}
		if q.together {
			all.Go(one)
		} else {
			one()
		}
	}
	all.Wait()
	f := figures{wall: time.Since(began)}
	for _, err := range errs {
		require.NoError(s.b.t, err)
	}
	return f
}

var cpuSeconds = regexp.MustCompile(`(?m)^process_cpu_seconds_total (\S+)$`)

// settle waits until the server has ended its work in the background, at most a while.
func (s *service) settle() {
	const pause, most = 500 * time.Millisecond, 90 * time.Second
	last := -1.0
	for began := time.Now(); time.Since(began) < most; time.Sleep(pause) {
		page, err := s.get(s.metrics)
		require.NoError(s.b.t, err)
		m := cpuSeconds.FindSubmatch(page)
		require.NotNil(s.b.t, m, "%s has no process_cpu_seconds_total", s.metrics)
		now, err := strconv.ParseFloat(string(m[1]), 64)
		require.NoError(s.b.t, err)
		if last >= 0 && now-last < 0.05*pause.Seconds() {
			return
		}
		last = now
	}
}
