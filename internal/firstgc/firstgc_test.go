package firstgc

import (
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestUsual checks in processes of their own that the usual frequency comes back with
// the first collection, and that GOGC stays in force.
func TestUsual(t *testing.T) {
	if os.Getenv("FIRSTGC_CHILD") != "" {
		first := debug.SetGCPercent(50)
		debug.SetGCPercent(first)
		runtime.GC()
		for ; ; time.Sleep(time.Millisecond) {
			usual := debug.SetGCPercent(50)
			if usual != percent {
				t.Log(first, usual)
				return
			}
			debug.SetGCPercent(usual)
		}
	}
	for gogc, want := range map[string]string{"": "700 100", "70": "70 70"} {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=TestUsual", "-test.v")
		for _, v := range os.Environ() {
			if !strings.HasPrefix(v, "GOGC=") {
				cmd.Env = append(cmd.Env, v)
			}
		}
		cmd.Env = append(cmd.Env, "FIRSTGC_CHILD=1", "GOGC="+gogc)
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, string(out))
		assert.Contains(t, string(out), ": "+want+"\n", "GOGC=%s", gogc)
	}
}
