package main

// Rules of this interface: results go to standard output, everything else to standard
// error. Messages are lower case, have no full stop, and name the file or flag
// concerned. Only a terminal shows progress.

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/pcparchive/pcparchive/query"
)

// streams are the standard streams, which tests replace.
type streams struct {
	in       io.Reader
	out, err io.Writer
	ended    func() error // returns an error once the program is to end; may be nil
}

// run executes the command line and returns the exit code.
func run(args []string, s streams) int {
	query.StopTracing()
	status := newStatusWriter(s.err)
	results := newResultWriter(s.out, status)
	s.out, s.err = results, status
	begun, end := context.WithCancel(context.Background())
	defer end()
	s.ended = begun.Err
	root := newRoot(s)
	args = dropPreposition(joinCompress(args))
	root.SetArgs(args)
	ctx, stop := signal.NotifyContext(begun, endSignals(root, args)...)
	defer stop()
	context.AfterFunc(ctx, end)
	context.AfterFunc(ctx, stop) // a second interrupt ends the program at once
	cmd, err := execute(ctx, root)
	if !errors.Is(err, errAbandoned) {
		if err = cmp.Or(err, results.flush()); err == nil {
			err = results.err
		}
	}
	code := exitCode(ctx, err)
	printError(s.err, code, cmd, err)
	return code
}

// endSignals returns the signals that end the program in an orderly way. A hangup
// that nohup ignores does not, nor one for which the command has another use.
func endSignals(root *cobra.Command, args []string) []os.Signal {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	cmd, _, err := root.Find(args)
	if reloads := err == nil && cmd.Annotations[hangupReloads] != ""; !reloads && !signal.Ignored(syscall.SIGHUP) {
		signals = append(signals, syscall.SIGHUP)
	}
	return signals
}

func newRoot(s streams) *cobra.Command {
	root := &cobra.Command{
		Use:   "pcparchive",
		Short: "Performance Co-Pilot archives: serve, record, inspect, query, convert",
		Long: `pcparchive reads and writes Performance Co-Pilot (PCP) archives, records
Prometheus endpoints into them, serves them to Grafana, answers PromQL from them and
turns them into Prometheus TSDB blocks and exposition text. It needs nothing else
installed.

Start with 'pcparchive demo'. To see archives in Grafana, run 'pcparchive serve DIR'.`,
		Version:           version(),
		SilenceUsage:      true,
		SilenceErrors:     true,
		DisableAutoGenTag: true,
		Args:              cobra.ArbitraryArgs,
		RunE:              helpOnly,
		PersistentPreRunE: checkZones,
	}
	root.SetIn(s.in)
	root.SetOut(s.out)
	root.SetErr(s.err)
	root.SetFlagErrorFunc(flagError)
	root.AddCommand(
		newDemoCmd(s), newServeCmd(s), newRecordCmd(s), newPushCmd(s), newImportCmd(s), newInfoCmd(s), newListCmd(s), newSummaryCmd(s), newValuesCmd(s), newPlotCmd(s), newTopCmd(s), newDiffCmd(s), newSizeCmd(s), newLabelsCmd(s),
		newDumpCmd(s), newCheckCmd(s), newExportCmd(s), newQueryCmd(s), newCopyCmd(s), newRewriteCmd(s), newReduceCmd(s), newConvertCmd(s), newRedactCmd(s), newCompressCmd(s), newDecompressCmd(s), newLabelCmd(s), newMoveCmd(s), newRemoveCmd(s), newDocsCmd(), newExitCodesTopic(), newTimesTopic(),
	)
	refuseUnknownTopics(root)
	useGroupedFlags(root)
	addExitHelp(root)
	return root
}

// refuseUnknownTopics makes the help command fail for an unknown topic.
func refuseUnknownTopics(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	help, _, _ := root.Find([]string{"help"})
	help.Args = func(cmd *cobra.Command, args []string) error {
		known, rest, err := cmd.Root().Find(args)
		if err == nil && len(rest) == 0 {
			return nil
		}
		return unknownCommand(known, args[len(args)-len(rest)])
	}
}

// nargs checks the number of arguments.
func nargs(least, most int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < least || most >= 0 && len(args) > most {
			return usageError{fmt.Errorf("%s: want %s, got %d arguments", cmd.CommandPath(), what, len(args))}
		}
		return nil
	}
}

// group returns a command that only has subcommands.
func group(use, short string, children ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, RunE: helpOnly}
	cmd.AddCommand(children...)
	if word := prepositions[use]; word != "" {
		cmd.Long = fmt.Sprintf("%s.\n\nThe word '%s' may follow: 'pcparchive %s %s tsdb' means 'pcparchive %s tsdb'.", short, word, use, word, use)
		cmd.ValidArgs = []string{word + "\tmay precede the format"}
	}
	return cmd
}

// helpOnly runs a command that only has subcommands.
func helpOnly(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return unknownCommand(cmd, args[0])
	}
	return cmd.Help()
}

// flagError returns the error for an unknown flag. If the command only has
// subcommands, its operand is the mistake, as in "exprot -o data".
func flagError(cmd *cobra.Command, err error) error {
	if args := cmd.Flags().Args(); cmd.HasSubCommands() && len(args) > 0 {
		return unknownCommand(cmd, args[0])
	}
	return usageError{plainFlagError(err)}
}

// unknownCommand returns the error for an unknown subcommand, with similar names.
func unknownCommand(cmd *cobra.Command, name string) error {
	cmd.SuggestionsMinimumDistance = 2 // cobra's own default, which it sets too late
	err := fmt.Errorf("unknown command %q for %q", name, cmd.CommandPath())
	if like := cmd.SuggestionsFor(name); len(like) > 0 {
		err = fmt.Errorf("%w; did you mean %s?", err, strings.Join(like, " or "))
	} else if name == "version" {
		err = fmt.Errorf("%w; did you mean --version?", err)
	}
	return usageError{err}
}

func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
