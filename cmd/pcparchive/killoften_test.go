package main

import (
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// killOften runs commands in a folder and kills them at random moments, until six or as many
// as killsVariable says were killed. args returns the next command; after looks at what it
// left. The moments come within most at first, later within what the commands take. A
// command that ends before its moment must succeed.
func killOften(t *testing.T, dir string, most time.Duration, args func() []string, after func(killed bool)) {
	t.Helper()
	kills := 6
	if n, err := strconv.Atoi(os.Getenv(killsVariable)); err == nil {
		kills = n
	}
	killed, runs := 0, 0
	for ; killed < kills && runs < 20*kills; runs++ {
		k := killTest{args: args()}
		cmd := k.start(t, dir)
		time.Sleep(rand.N(most))
		_ = cmd.Process.Kill() // it may have ended
		err := cmd.Wait()
		var exit *exec.ExitError
		now := errors.As(err, &exit) && !exit.Exited()
		if now {
			killed++
			most += most / 50
		} else {
			require.NoError(t, err, "%v", k.args)
			most -= most / 20
		}
		after(now)
	}
	t.Logf("%d runs, %d killed", runs, killed)
}
