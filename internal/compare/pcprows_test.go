package compare

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/oracle"
)

// liveHost is this machine, as PCP's daemons and an archive of them show it.
type liveHost struct {
	b       *bench
	archive string
	proxy   string // address of pmproxy; "" before start
	lines   int    // of its page
}

// start starts PCP's daemons on free ports and records all metrics for a moment.
func (h *liveHost) start() {
	if h.proxy != "" {
		return
	}
	daemon, web := h.freePort(), h.freePort()
	environment := append(os.Environ(), "PMCD_PORT="+daemon)
	run := func(name string, args ...string) *exec.Cmd {
		cmd := exec.CommandContext(h.b.t.Context(), oracle.Path(h.b.t, name), args...)
		cmd.Env, cmd.Dir = environment, h.b.dir
		return cmd
	}
	background := func(name string, args ...string) {
		cmd := run(name, args...)
		require.NoError(h.b.t, cmd.Start())
		h.b.t.Cleanup(func() {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		})
	}
	background("pmcd", "-f", "-A", "-i", "127.0.0.1", "-p", daemon, "-l", filepath.Join(h.b.dir, "pmcd.log"), "-U", "root")
	require.Eventually(h.b.t, func() bool { return run("pminfo", "-h", "127.0.0.1", "-f", "hinv.ncpu").Run() == nil }, time.Minute, 200*time.Millisecond)
	background("pmproxy", "-f", "-A", "-i", "127.0.0.1", "-p", web, "-l", filepath.Join(h.b.dir, "pmproxy.log"), "-U", "root")
	names, err := run("pminfo", "-h", "127.0.0.1").Output()
	require.NoError(h.b.t, err)
	var tops []string
	for name := range strings.FieldsSeq(string(names)) {
		if top, _, _ := strings.Cut(name, "."); !slices.Contains(tops, top) {
			tops = append(tops, top)
		}
	}
	rules := filepath.Join(h.b.dir, "pmlogger.conf")
	require.NoError(h.b.t, os.WriteFile(rules, []byte("log mandatory on 1 sec { "+strings.Join(tops, " ")+" }\n"), 0o644))
	h.archive = filepath.Join(h.b.dir, "host")
	h.b.must([]string{"PMCD_PORT=" + daemon}, oracle.Path(h.b.t, "pmlogger"), "-h", "127.0.0.1", "-V", "3", "-c", rules, "-T", "10sec", "-l", h.archive+".log", h.archive)
	s := &service{b: h.b, address: "http://127.0.0.1:" + web}
	page, err := s.get("/metrics")
	require.NoError(h.b.t, err)
	h.proxy, h.lines = s.address, strings.Count(string(page), "\n")
	h.b.t.Logf("pmproxy's page has %d lines", h.lines)
}

func (h *liveHost) freePort() string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(h.b.t, err)
	defer func() { _ = l.Close() }()
	_, port, err := net.SplitHostPort(l.Addr().String())
	require.NoError(h.b.t, err)
	return port
}

// pcpRows scrape this host from pmproxy, and from its archive.
func pcpRows(b *bench) []row {
	h := &liveHost{b: b}
	scrape := []string{"/metrics"}
	many := slices.Repeat(scrape, 100)
	var instants []string
	for i := range 5 { // each instant has to be read
		instants = append(instants, fmt.Sprintf("/metrics?time=end-%dsec", i+1))
	}
	rows := []row{
		{what: "HTTP: `/metrics` of a host, again and again", asks: &questions{paths: scrape, theirs: scrape}, limit: limit{ratio: 0.05}},
		{what: "the same, 100 scrapes at once beside one of the reference", asks: &questions{paths: many, theirs: scrape, together: true}, limit: limit{ratio: 0.1}},
		{what: "`/metrics` at five instants, the server just started, beside one of the reference", asks: &questions{paths: instants, theirs: scrape, fresh: true}, limit: limit{ratio: 0.5}},
	}
	for i := range rows {
		q := rows[i].asks
		rows[i].out = filepath.Join(b.dir, "none")
		rows[i].prepare = func() {
			h.start()
			q.packed, q.serve, q.proxy = true, []string{h.archive, "--cache", "off"}, h.proxy
		}
	}
	return rows
}
