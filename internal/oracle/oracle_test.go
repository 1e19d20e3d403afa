package oracle_test

import (
	"os"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/pcparchive/pcparchive/internal/oracle"
)

// recorder replaces the testing.TB of a test that asks for a reference.
type recorder struct {
	testing.TB
	skipped, failed bool
}

func (r *recorder) Helper()               {}
func (r *recorder) Skipf(string, ...any)  { r.skipped = true; runtime.Goexit() }
func (r *recorder) Fatalf(string, ...any) { r.failed = true; runtime.Goexit() }
func (r *recorder) ask(f func(t testing.TB)) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f(r)
	}()
	<-done
}

func TestMissingReference(t *testing.T) {
	for name, ask := range map[string]func(t testing.TB){
		"program": func(t testing.TB) { oracle.Path(t, "no-such-reference-program") },
		"tool":    func(t testing.TB) { oracle.Tool(t, "no-such-tool") },
	} {
		for required, want := range map[string]recorder{"": {skipped: true}, "1": {failed: true}} {
			t.Run(name+" required="+required, func(t *testing.T) {
				t.Setenv(oracle.RequireEnv, required)
				r := recorder{TB: t}
				r.ask(ask)
				assert.Equal(t, want.skipped, r.skipped)
				assert.Equal(t, want.failed, r.failed)
			})
		}
	}
}

func TestReferenceNotAsked(t *testing.T) {
	for _, tt := range []struct {
		required, program string
		skipped           bool
	}{
		{"0", "pmdumplog", true}, {"0", "prometheus-node-exporter", true}, {"0", "pcp", true}, {"0", "sh", false}, {"", "sh", false},
	} {
		t.Setenv(oracle.RequireEnv, tt.required)
		r := recorder{TB: t}
		r.ask(func(t testing.TB) { oracle.Path(t, tt.program) })
		assert.Equal(t, tt.skipped, r.skipped, tt.program)
		assert.False(t, r.failed, tt.program)
	}
}

func TestExec(t *testing.T) {
	r := oracle.Exec(t, "sh", "-c", "echo $LC_ALL; echo oops >&2; exit 3")
	assert.Equal(t, oracle.Result{Stdout: "C\n", Stderr: "oops\n", Exit: 3}, r)
	assert.Equal(t, "out\n", oracle.Run(t, "sh", "-c", "echo out"))
}

func TestCorpus(t *testing.T) {
	for _, folder := range []string{"archives", "badarchives"} {
		assert.NotEmpty(t, oracle.Archives(t, folder, true))
		for _, base := range oracle.Archives(t, folder, true) {
			_, err := os.Stat(base + ".meta")
			assert.NoError(t, err)
		}
	}
}
