package pace

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// childVariable makes the test program print the slack of its timers.
const childVariable = "PCPARCHIVE_TEST_SLACK"

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) == "" {
		os.Exit(m.Run())
	}
	RelaxTimers()
	slack := make(chan int)
	go func() { // perhaps on another thread
		got, _ := unix.PrctlRetInt(unix.PR_GET_TIMERSLACK, 0, 0, 0, 0)
		slack <- got
	}()
	fmt.Print(os.Getpid(), time.Duration(<-slack), len(os.Args), os.Getenv(relaxedVariable))
	os.Exit(0)
}

// The program starts itself once in its place, with its arguments.
func TestRelaxTimers(t *testing.T) {
	path, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), path, "one", "two")
	cmd.Env = append(os.Environ(), childVariable+"=1")
	out, err := cmd.Output()
	require.NoError(t, err)
	assert.Equal(t, fmt.Sprint(cmd.Process.Pid, timerSlack, 3, ""), string(out))
}
