package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"
)

// onlyReads marks commands that write nothing but standard output, so that an
// interrupt may end them anywhere.
var onlyReads = map[string]string{"pcparchive": "only reads"}

// reaction is how long a command that only reads may take to end by itself after
// an interrupt.
const reaction = 500 * time.Millisecond

// execute runs the command line. When it is interrupted, a command that writes
// files ends by itself, since it has to tidy up. One that only reads is left where
// it is if it does not end soon: opening thousands of archives, or evaluating one
// step of an expression, does not look at the context.
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
			leave = time.After(reaction)
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
