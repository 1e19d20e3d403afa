// Package oracle lets tests ask the reference implementation. A test whose
// reference program or corpus is absent is skipped, saying so; with
// PCPARCHIVE_REQUIRE_REFERENCE=1 in the environment it fails instead. With 0 the
// programs of PCP and Prometheus are left alone, and the tests that ask them are
// skipped.
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

// RequireEnv names the environment variable that turns a missing reference from
// a reason to skip into a failure ("1"), or every reference program into one that
// is not asked ("0").
const RequireEnv = "PCPARCHIVE_REQUIRE_REFERENCE"

// otherNames are names that later releases of the reference gave to a program.
var otherNames = map[string][]string{
	"pmdumplog": {"pmlogdump"},
}

// references are the programs that tests compare with; others only prepare files.
var references = regexp.MustCompile(`^(pm|pcp|prom)`)

// folders hold reference programs that packages do not put on the PATH.
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

// missing ends the test: what it needs is absent.
func missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv(RequireEnv) == "1" {
		t.Fatalf("%s is absent and %s=1", what, RequireEnv)
	}
	t.Skipf("%s is absent", what)
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
// ends with the test.
func Command(t testing.TB, name string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), Path(t, name), args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	return cmd
}

// Result is what a program left behind.
type Result struct {
	Stdout, Stderr string
	Exit           int
}

// Exec runs a reference program to its end, whatever its exit status.
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

// Run runs a reference program that must succeed and returns its standard output.
func Run(t testing.TB, name string, args ...string) string {
	t.Helper()
	r := Exec(t, name, args...)
	if r.Exit != 0 {
		t.Fatalf("%s %q: exit status %d\n%s", name, args, r.Exit, r.Stderr)
	}
	return r.Stdout
}
