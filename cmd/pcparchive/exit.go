package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pcparchive/pcparchive/internal/redact"
	"github.com/pcparchive/pcparchive/pcp"
)

// Exit codes.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitFindings    = 3
	exitSkipped     = 4
	exitInterrupted = 130
)

// exitMeanings explain the exit codes in the help.
var exitMeanings = []struct {
	code    int
	meaning string
}{
	{exitOK, "done"},
	{exitFailed, "failed; standard error says why"},
	{exitUsage, "the command line was wrong"},
	{exitFindings, "check has findings; standard output lists them"},
	{exitSkipped, "done, but damaged data was left out; standard error names it"},
	{exitInterrupted, "interrupted; existing files are unchanged"},
}

// errSkipped says that a command finished but left out data, which it has reported.
var errSkipped = errors.New("some data was skipped")

// errFindings says that check has printed findings.
var errFindings = errors.New("there are findings")

// exitCode returns the exit code for the error of a command. The context is that of
// the command, which an interrupt ends.
func exitCode(ctx context.Context, err error) int {
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errSkipped):
		return exitSkipped
	case errors.Is(err, errFindings):
		return exitFindings
	case errors.As(err, new(usageError)):
		return exitUsage
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		return exitInterrupted
	}
	return exitFailed
}

// printError prints the message of an error that the command has not reported.
func printError(w io.Writer, code int, cmd *cobra.Command, err error) {
	switch code {
	case exitUsage:
		fmt.Fprintf(w, "pcparchive: %s\nsee '%s --help'\n", redact.Text(err.Error()), cmd.CommandPath())
	case exitInterrupted:
		fmt.Fprintln(w, "pcparchive: interrupted")
	case exitFailed:
		fmt.Fprintf(w, "pcparchive: %s\n", message(err))
		if errors.As(err, new(*pcp.FormatError)) {
			fmt.Fprintln(w, "'pcparchive check' lists all damage and, with --salvage, saves the readable records")
		}
	}
}

// message returns the text of an error, without secrets in URLs and without
// repeated lines: one fault, such as a full disk, may affect several files.
func message(err error) string {
	var lines []string
	for line := range strings.SplitSeq(plainText(err), "\n") {
		if !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	return redact.Text(strings.Join(lines, "\n"))
}

// newExitCodesTopic is a help topic, not a command.
func newExitCodesTopic(streams) *cobra.Command {
	var table strings.Builder
	for _, e := range exitMeanings {
		fmt.Fprintf(&table, "  %-4d %s\n", e.code, e.meaning)
	}
	return &cobra.Command{
		Use:   "exit-codes",
		Short: "Meaning of the exit status",
		Long: `pcparchive exits with

` + table.String() + `
A recording ends normally, with 0, when it is interrupted or gets SIGTERM or SIGHUP,
and with 1 if no scrape succeeded. A command reports data that only Prometheus or
only PCP can hold, such as text as a value, and does not count it as a failure.`,
	}
}
