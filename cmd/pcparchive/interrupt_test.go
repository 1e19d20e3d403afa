package main

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestInterrupt interrupts commands that do not look at their context. The program abandons
// one that only reads, and waits for one that writes or that salvages.
func TestInterrupt(t *testing.T) {
	for _, c := range []struct {
		args        string
		annotations map[string]string
		abandoned   bool
	}{
		{"deaf", onlyReads, true},
		{"deaf", nil, false},
		{"deaf --salvage out", onlyReads, false},
	} {
		ctx, interrupt := context.WithCancel(t.Context())
		release, done := make(chan struct{}), make(chan struct{})
		root := newRoot(streams{in: strings.NewReader(""), out: io.Discard, err: io.Discard}, allVerbs())
		deaf := &cobra.Command{Use: "deaf", Annotations: c.annotations, RunE: func(*cobra.Command, []string) error {
			defer close(done)
			interrupt()
			if c.abandoned {
				<-release
			} else {
				time.Sleep(gracePeriod + gracePeriod/2)
			}
			return nil
		}}
		deaf.Flags().String("salvage", "", "")
		root.AddCommand(deaf)
		root.SetArgs(strings.Fields(c.args))
		cmd, err := execute(ctx, root)
		assert.Equal(t, "deaf", cmd.Name())
		if c.abandoned {
			require.ErrorIs(t, err, errAbandoned)
			assert.Equal(t, exitInterrupted, exitCode(ctx, err))
		} else {
			require.NoError(t, err)
		}
		close(release)
		<-done
	}
}

// TestInterruptKeepsChecks checks that execute leaves the checks before a command in force.
func TestInterruptKeepsChecks(t *testing.T) {
	root := newRoot(streams{in: strings.NewReader(""), out: io.Discard, err: io.Discard}, allVerbs())
	root.SetArgs([]string{"info", "-z", "-Z", "UTC", "none"})
	_, err := execute(t.Context(), root)
	require.ErrorContains(t, err, "at most one of -Z and -z")
}

// TestInterruptOfReading checks that results from a part of the archives do not pass for whole
// ones, and that a command that was not disturbed keeps its outcome.
func TestInterruptOfReading(t *testing.T) {
	failed := errors.New("there is no such metric")
	ctx, interrupt := context.WithCancel(t.Context())
	e := &ending{ended: ctx.Err}
	require.NoError(t, e.ask())
	interrupt()
	require.NoError(t, e.outcome(nil))
	require.Equal(t, failed, e.outcome(failed))
	require.ErrorIs(t, e.ask(), context.Canceled)
	for _, err := range []error{nil, failed, errSkipped, errFindings} {
		assert.Equal(t, exitInterrupted, exitCode(ctx, e.outcome(err)))
	}
	assert.Equal(t, errAbandoned, e.outcome(errAbandoned))
}
