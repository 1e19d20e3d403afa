// Package oracle runs the reference implementation, PCP and Prometheus, in
// tests. If a reference program or the corpus is absent, the test is skipped
// with a message. The environment variable PCPARCHIVE_REQUIRE_REFERENCE changes
// that: with 1 the test fails instead, and with 0 all tests that need a
// reference program are skipped.
package oracle

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

// RequireEnv is the environment variable that makes a missing reference a
// failure ("1") or disables reference programs ("0").
const RequireEnv = "PCPARCHIVE_REQUIRE_REFERENCE"

// otherNames holds alternative names of programs in later PCP releases.
var otherNames = map[string][]string{
	"pmdumplog": {"pmlogdump"},
}

// references matches the programs that tests compare with; other programs only
// prepare files.
var references = regexp.MustCompile(`^(pm|pcp|prom)`)

// folders lists folders of reference programs that are not on the PATH.
var folders = []string{
	"/usr/lib/pcp/bin", "/usr/libexec/pcp/bin", "/usr/lib64/pcp/bin", "/usr/local/lib/pcp/bin",
}

// find returns the path of a program, "" if it is absent.
func find(name string) string {
	for _, n := range append([]string{name}, otherNames[name]...) {
		if path, err := exec.LookPath(n); err == nil {
			return path
		}
		for _, dir := range folders {
			if path, err := exec.LookPath(filepath.Join(dir, n)); err == nil {
				return path
			}
		}
	}
	return ""
}

// Missing skips or fails the test because something that it needs is absent.
func Missing(t testing.TB, what string) {
	t.Helper()
	missing(t, what)
}

// missing skips or fails the test because name is absent.
func missing(t testing.TB, name string) {
	t.Helper()
	if os.Getenv(RequireEnv) == "1" {
		t.Fatalf("%s is absent and %s=1", name, RequireEnv)
	}
	t.Skipf("%s is absent", name)
}

// Path returns the path of a reference program.
func Path(t testing.TB, name string) string {
	t.Helper()
	if os.Getenv(RequireEnv) == "0" && references.MatchString(name) {
		t.Skipf("reference program %s is not asked: %s=0", name, RequireEnv)
	}
	path := find(name)
	if path == "" {
		missing(t, "reference program "+name)
	}
	return path
}

// Command returns a command that runs a reference program in the C locale and
// is killed at the end of the test.
func Command(t testing.TB, name string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), Path(t, name), args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	return cmd
}

// Result is the output of a program.
type Result struct {
	Stdout, Stderr string
	Exit           int
}

// Exec runs a reference program and accepts any exit status.
func Exec(t testing.TB, name string, args ...string) Result {
	t.Helper()
	cmd := Command(t, name, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	var status *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &status) {
		t.Fatalf("%s: %v", name, err)
	}
	return Result{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// Run runs a reference program, which must succeed, and returns its standard
// output.
func Run(t testing.TB, name string, args ...string) string {
	t.Helper()
	r := Exec(t, name, args...)
	if r.Exit != 0 {
		t.Fatalf("%s %q: exit status %d\n%s", name, args, r.Exit, r.Stderr)
	}
	return r.Stdout
}
