package oracle

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Agent is PCP's daemon with its openmetrics agent, without the state of other ones on
// this machine.
type Agent struct {
	// ConfigDir is the agent's configuration folder.
	ConfigDir string

	dir  string
	addr string // of the daemon
	pid  int    // of the daemon, whose child the agent is
}

const agentProgram = "/var/lib/pcp/pmdas/openmetrics/pmdaopenmetrics.python"

// StartAgent starts PCP's daemon and agent for the sources in configDir. It skips the test
// if one of them is absent. Both end with the test.
func StartAgent(t testing.TB, configDir string) *Agent {
	t.Helper()
	pmcd := Path(t, "pmcd")
	if _, err := os.Stat(agentProgram); err != nil {
		missing(t, "pmdaopenmetrics")
	}
	dir, err := os.MkdirTemp("", "agent") // t.TempDir is too long for the name of a socket
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	a := &Agent{ConfigDir: configDir, dir: dir, addr: "127.0.0.1:" + freePort(t)}
	for _, sub := range []string{"config/pmda", "log/pmcd", "run", "tmp"} {
		require.NoError(t, os.MkdirAll(filepath.Join(dir, sub), 0o755))
	}
	a.configure(t)
	_, port, err := net.SplitHostPort(a.addr)
	require.NoError(t, err)
	cmd := Command(t, pmcd, "-f", "-A", "-i", "127.0.0.1", "-p", port, "-s", filepath.Join(dir, "run/pmcd.socket"),
		"-n", filepath.Join(dir, "root"), "-l", filepath.Join(dir, "pmcd.log"), "-U", "root")
	cmd.Env = a.env()
	require.NoError(t, cmd.Start())
	a.pid = cmd.Process.Pid
	t.Cleanup(func() { _ = cmd.Wait() }) // the end of the test kills it
	t.Cleanup(func() {
		if t.Failed() {
			for _, name := range []string{"pmcd.log", "agent.log"} {
				text, _ := os.ReadFile(filepath.Join(dir, name))
				t.Logf("%s:\n%s", name, text[:min(len(text), 4000)])
			}
		}
	})
	a.WaitFor(t, "openmetrics.control.calls")
	return a
}

// configure writes the daemon's files.
func (a *Agent) configure(t testing.TB) {
	t.Helper()
	conf, err := os.ReadFile("/etc/pcp.conf")
	require.NoError(t, err)
	text := string(conf)
	for name, value := range map[string]string{
		"PCP_VAR_DIR": "", "PCP_LOG_DIR": "log", "PCP_RUN_DIR": "run", "PCP_TMP_DIR": "tmp", "PCP_TMPFILE_DIR": "tmp", "PCP_PMCDCONF_PATH": "pmcd.conf",
	} {
		line := regexp.MustCompile(`(?m)^` + name + `=.*$`)
		text = line.ReplaceAllLiteralString(text, name+"="+filepath.Join(a.dir, value))
	}
	for name, content := range map[string]string{
		"pcp.conf": text,
		"pmcd.conf": "pmcd\t2\tdso\tpmcd_init\t/var/lib/pcp/pmdas/pmcd/pmda_pmcd.so\n" +
			fmt.Sprintf("openmetrics\t144\tpipe\tbinary notready\t/usr/bin/python3 %s -c %s -l %s\n", agentProgram, a.ConfigDir, filepath.Join(a.dir, "agent.log")),
		"root": "root {\n pmcd\n openmetrics 144:*:*\n}\npmcd { numagents 2:0:0 }\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(a.dir, name), []byte(content), 0o644))
	}
}

func (a *Agent) env() []string {
	return append(os.Environ(), "PCP_CONF="+filepath.Join(a.dir, "pcp.conf"))
}

// client runs a client of the daemon.
func (a *Agent) client(t testing.TB, name string, args ...string) error {
	cmd := Command(t, name, append([]string{"-h", a.addr}, args...)...)
	cmd.Env = a.env()
	return cmd.Run()
}

// WaitFor waits until the agent has values of a metric.
func (a *Agent) WaitFor(t testing.TB, metric string) {
	t.Helper()
	require.Eventually(t, func() bool { return a.client(t, "pminfo", "-f", metric) == nil }, patience, 200*time.Millisecond, metric)
}

// PID returns the process of the daemon, of which the agent is a child.
func (a *Agent) PID() int { return a.pid }

// Record lets pmlogger record all metrics of the agent once a second, and returns the
// base path of the archive.
func (a *Agent) Record(t testing.TB, seconds int) string {
	t.Helper()
	cmd, base := a.Logger(t, "-T", strconv.Itoa(seconds)+"sec")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return base
}

// Logger returns a pmlogger that records all metrics of the agent once a second, and the
// base path of its archive.
func (a *Agent) Logger(t testing.TB, args ...string) (cmd *exec.Cmd, base string) {
	t.Helper()
	base = filepath.Join(t.TempDir(), "reference")
	require.NoError(t, os.WriteFile(base+".conf", []byte("log mandatory on 1 sec { openmetrics }\n"), 0o644))
	cmd = Command(t, Path(t, "pmlogger"), append([]string{"-h", a.addr, "-V", "3", "-c", base + ".conf", "-l", base + ".log"}, append(args, base)...)...)
	cmd.Env = a.env()
	return cmd, base
}
