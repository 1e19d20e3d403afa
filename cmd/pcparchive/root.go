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
	"slices"
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
	reading := &ending{ended: begun.Err}
	s.ended = reading.ask
	args = dropPreposition(joinCompress(args))
	root := newRoot(s, verbsOf(args))
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
	err = reading.outcome(err)
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

// verb is a command, or a topic of the help.
type verb struct {
	name string
	make func(streams) *cobra.Command
}

// allVerbs lists the verbs in the order of the help.
func allVerbs() []verb {
	return []verb{
		{"demo", newDemoCmd},
		{"serve", newServeCmd},
		{"record", newRecordCmd},
		{"push", newPushCmd},
		{"import", newImportCmd},
		{"info", newInfoCmd},
		{"list", newListCmd},
		{"summary", newSummaryCmd},
		{"values", newValuesCmd},
		{"plot", newPlotCmd},
		{"top", newTopCmd},
		{"diff", newDiffCmd},
		{"size", newSizeCmd},
		{"labels", newLabelsCmd},
		{"dump", newDumpCmd},
		{"check", newCheckCmd},
		{"export", newExportCmd},
		{"query", newQueryCmd},
		{"copy", newCopyCmd},
		{"rewrite", newRewriteCmd},
		{"reduce", newReduceCmd},
		{"convert", newConvertCmd},
		{"redact", newRedactCmd},
		{"compress", newCompressCmd},
		{"decompress", newDecompressCmd},
		{"label", newLabelCmd},
		{"move", newMoveCmd},
		{"remove", newRemoveCmd},
		{"exit-codes", newExitCodesTopic},
		{"times", newTimesTopic},
	}
}

// verbsOf returns the verbs that a command line may need. One that begins with the name of a
// verb needs no others; the flags of all others would take longer to make than a short
// command runs.
func verbsOf(args []string) []verb {
	all := allVerbs()
	if len(args) > 0 {
		if i := slices.IndexFunc(all, func(v verb) bool { return v.name == args[0] }); i >= 0 {
			return all[i : i+1]
		}
	}
	return all
}

// newRoot returns the program with some verbs.
func newRoot(s streams, verbs []verb) *cobra.Command {
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
	for _, v := range verbs {
		root.AddCommand(v.make(s))
	}
	root.CompletionOptions.DisableDefaultCmd = len(verbs) == 1
	refuseUnknownTopics(root)
	useGroupedFlags(root)
	addExitHelp(root)
	return root
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

func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
