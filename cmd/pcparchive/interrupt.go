package main

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"
)

// onlyReads marks commands that write to standard output only. An interrupt may end
// them anywhere.
var onlyReads = map[string]string{"pcparchive": "only reads"}

// gracePeriod is the time that a command that only reads has to end by itself after
// an interrupt.
const gracePeriod = 500 * time.Millisecond

// errAbandoned reports a command that still runs, and may still write results.
var errAbandoned = fmt.Errorf("abandoned: %w", context.Canceled)

// ending ends the reading of archives, and knows whether it did.
type ending struct {
	ended func() error
	told  atomic.Bool
}

// errCut stands for the outcome of a command whose reading of archives was ended.
var errCut = fmt.Errorf("not all archives were read: %w", context.Canceled)

// ask returns the error that ends reading, if there is one.
func (e *ending) ask() error {
	err := e.ended()
	if err != nil {
		e.told.Store(true)
	}
	return err
}

// outcome returns the outcome of the command: err, unless archives that were not read may be
// missing from the results, or be the reason of the error.
func (e *ending) outcome(err error) error {
	if e.told.Load() && !errors.Is(err, context.Canceled) {
		return errCut
	}
	return err
}

// execute runs the command line. After an interrupt it waits for a command that
// writes files, because the command has to remove incomplete output. It abandons a
// command that only reads after the grace period: evaluating one step of an expression
// does not check the context.
func execute(ctx context.Context, root *cobra.Command) (*cobra.Command, error) {
	type outcome struct {
		cmd *cobra.Command
		err error
	}
	started := make(chan *cobra.Command, 1)
	check := root.PersistentPreRunE // cobra calls no PersistentPreRun beside it
	root.PersistentPreRunE = func(cmd *cobra.Command, args []string) error {
		started <- cmd
		return check(cmd, args)
	}
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
	select {
	case o := <-ended:
		return o.cmd, o.err
	case cmd := <-started:
		var leave <-chan time.Time
		if salvage := cmd.Flags().Lookup("salvage"); cmd.Annotations["pcparchive"] != "" && (salvage == nil || !salvage.Changed) {
			leave = time.After(gracePeriod)
		}
		select {
		case o := <-ended:
			return o.cmd, o.err
		case <-leave:
			return cmd, errAbandoned
		}
	}
}
