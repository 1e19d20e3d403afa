package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"
)

// onlyReads marks commands that write to standard output only. An interrupt may end
// them anywhere.
var onlyReads = map[string]string{"pcparchive": "only reads"}

// gracePeriod is the time that a command that only reads has to end by itself after
// an interrupt.
const gracePeriod = 500 * time.Millisecond

// execute runs the command line. After an interrupt it waits for a command that
// writes files, because the command has to remove incomplete output. It abandons a
// command that only reads after the grace period: opening thousands of archives, or
// evaluating one step of an expression, does not check the context.
func execute(ctx context.Context, root *cobra.Command) (*cobra.Command, error) {
	type outcome struct {
		cmd *cobra.Command
		err error
	}
	started := make(chan *cobra.Command, 1)
	root.PersistentPreRun = func(cmd *cobra.Command, _ []string) { started <- cmd }
	ended := make(chan outcome, 1)
	go func() {
		cmd, err := root.ExecuteContextC(ctx)
		ended <- outcome{cmd, err}
	}()
	select {
	case o := <-ended:
		return o.cmd, o.err
	case <-ctx.Done():
	}
	var leave <-chan time.Time
	var cmd *cobra.Command
	select {
	case cmd = <-started:
		if salvage := cmd.Flags().Lookup("salvage"); cmd.Annotations["pcparchive"] != "" && (salvage == nil || !salvage.Changed) {
			leave = time.After(gracePeriod)
		}
	default:
	}
	select {
	case o := <-ended:
		return o.cmd, o.err
	case <-leave:
		return cmd, ctx.Err()
	}
}
