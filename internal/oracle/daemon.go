package oracle

import (
	"net"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// patience is the longest time for which a daemon may start.
const patience = 2 * time.Minute

// Listening starts a daemon that listens on the port it is told, and returns the port once
// the daemon accepts connections. Another program may take the port first: then Listening
// tries another one. The daemon ends with the test.
func Listening(t testing.TB, daemon func(port string) *exec.Cmd) (port string) {
	t.Helper()
	for range 5 {
		port := freePort(t)
		cmd := daemon(port)
		require.NoError(t, cmd.Start())
		ended := make(chan struct{})
		go func() {
			_ = cmd.Wait()
			close(ended)
		}()
		if accepts(port, ended) {
			t.Cleanup(func() {
				_ = cmd.Process.Kill()
				<-ended
			})
			return port
		}
		_ = cmd.Process.Kill()
		<-ended
	}
	t.Fatal("the daemon does not listen")
	return ""
}

// accepts waits until connections to a port are accepted; it returns false if the daemon
// ends before.
func accepts(port string, ended <-chan struct{}) bool {
	for began := time.Now(); time.Since(began) < patience; {
		select {
		case <-ended:
			return false
		case <-time.After(20 * time.Millisecond):
		}
		if c, err := net.Dial("tcp", "127.0.0.1:"+port); err == nil {
			_ = c.Close()
			return true
		}
	}
	return false
}

// freePort returns a port of this machine that no program listens on.
func freePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	_, port, err := net.SplitHostPort(l.Addr().String())
	require.NoError(t, err)
	return port
}

// KeyServer starts a key server, lets pmseries load archives into it, and returns its port.
func KeyServer(t testing.TB, archives ...string) (port string) {
	t.Helper()
	dir := t.TempDir()
	port = Listening(t, func(port string) *exec.Cmd {
		cmd := Command(t, "redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "")
		cmd.Dir = dir
		return cmd
	})
	for _, base := range archives {
		Run(t, "pmseries", "-p", port, "--load", base)
	}
	return port
}

// Pmproxy starts PCP's web daemon with more arguments, and returns its address, such as
// http://127.0.0.1:44322.
func Pmproxy(t testing.TB, args ...string) (address string) {
	t.Helper()
	dir := t.TempDir()
	return "http://127.0.0.1:" + Listening(t, func(port string) *exec.Cmd {
		cmd := Command(t, "pmproxy", append([]string{"-f", "-A", "-i", "127.0.0.1", "-p", port, "-l", filepath.Join(dir, "log"), "-U", "root"}, args...)...)
		cmd.Dir = dir
		return cmd
	})
}
