package oracle

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// Prometheus starts Debian's Prometheus on a folder of blocks, with a configuration, and
// returns its address once it is ready. The server ends with the test.
func Prometheus(t testing.TB, dir, config string) (address string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "prometheus.yml")
	if err := os.WriteFile(file, []byte(config), 0o666); err != nil {
		t.Fatal(err)
	}
	cmd := Command(t, "prometheus", "--config.file="+file, "--storage.tsdb.path="+dir,
		"--storage.tsdb.retention.time=100y", "--web.listen-address=127.0.0.1:0")
	cmd.Dir = t.TempDir()
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ready, ended := make(chan string, 1), make(chan struct{})
	go func() {
		defer close(ended)
		awaitReady(bufio.NewScanner(stderr), ready)
	}()
	t.Cleanup(func() { // before dir is removed
		_ = cmd.Process.Kill()
		<-ended
		_ = cmd.Wait()
	})
	select {
	case address = <-ready:
	case <-ended:
		t.Fatal("the server ended")
	case <-time.After(patience):
		t.Fatal("the server is not ready")
	}
	return address
}

// awaitReady reads a server's log to its end and sends its address once.
func awaitReady(log *bufio.Scanner, ready chan<- string) {
	listening := regexp.MustCompile(`msg="Listening on" address=(\S+)`)
	found, is := "", false
	for log.Scan() {
		if m := listening.FindStringSubmatch(log.Text()); m != nil {
			found = m[1]
		}
		is = is || strings.Contains(log.Text(), "ready to receive web requests")
		if is && found != "" { // they come in either order
			ready <- found
			is = false
		}
	}
}

// NodeExporter starts Prometheus' node_exporter and returns the address of its page. It ends
// with the test.
func NodeExporter(t testing.TB) (url string) {
	t.Helper()
	port := Listening(t, func(port string) *exec.Cmd {
		return Command(t, "prometheus-node-exporter", "--web.listen-address=127.0.0.1:"+port)
	})
	return "http://127.0.0.1:" + port + "/metrics"
}
