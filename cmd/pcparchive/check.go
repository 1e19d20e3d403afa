package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/spf13/cobra"

	"github.com/pcparchive/pcparchive/check"
	"github.com/pcparchive/pcparchive/convert/tsdb/verify"
	"github.com/pcparchive/pcparchive/finding"
)

func newCheckCmd(s streams) *cobra.Command {
	o := checkOptions{min: finding.Warning}
	cmd := &cobra.Command{
		Use:         "check PATH...",
		Annotations: onlyReads,
		Short:       "Find damage and contradictions in archives",
		Long: `Check archives for damage, metadata that contradicts itself or the values, a wrong
index, counters that decrease, and times without values. A PATH is an archive's base
name, any of its files, or a folder, which stands for all archives in it and in the
folders below it. check also compares the archives of each host with each other.

Each finding is a line: file, offset, severity, code, message. An error means that
data cannot be read or that PCP's own tools reject the archive. A warning means that
data can be read but is doubtful. --severity note shows notes as well.

After the findings each archive has a verdict: whole; readable up to the time of its
last readable record; or unreadable, with the reason. The consequences of damage, such as
values of metrics whose description is lost, count as part of the damage.

The exit status is 0 without findings, 3 with findings, 1 if a PATH cannot be read at
all, and 2 if the command line is wrong. check skips damaged parts and checks the rest.

With --target, a PATH is a Prometheus block or a folder of blocks. check verifies
that the named system accepts the block: order and checksums of its contents, and
the system's own rules, such as Mimir's rule that a block covers one UTC day.
--list-codes --target lists the rules.

With --salvage, check writes every record of one archive that can be decoded to a
new archive, with a valid header and a new index. The errors name the lost records.
--limit does not apply.`,
		Example: `  pcparchive check rec
  pcparchive check --severity note /var/log/pcp/pmlogger/web
  pcparchive check --output ndjson rec | jq -c 'select(.severity == "error")'
  pcparchive check --salvage saved damaged
  pcparchive check --target mimir data
  pcparchive check --list-codes`,
		ValidArgsFunction: completeArchives,
		Args: func(cmd *cobra.Command, args []string) error {
			if o.listCodes {
				return nargs(0, 0, "no archive with --list-codes")(cmd, args)
			}
			if o.target != "" && o.salvage != "" {
				return usageError{fmt.Errorf("--salvage is for archives and --target for blocks")}
			}
			if o.salvage != "" {
				return nargs(1, 1, "one archive with --salvage")(cmd, args)
			}
			return nargs(1, -1, "at least one archive or folder")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.target != "" {
				return runCheckBlocks(cmd.Context(), s, o, args)
			}
			return runCheck(cmd.Context(), s, o, args)
		},
	}
	f := cmd.Flags()
	f.Var(&o.min, "severity", "lowest severity to report: note, warning or error")
	f.IntVar(&o.limit, "limit", finding.DefaultLimit, "maximum number of findings of one code to show for each archive; check only counts the rest; 0: show all")
	f.StringVar(&o.salvage, "salvage", "", "write the readable records of the archive to a new archive with this base `name`")
	f.Var(&o.target, "target", "check blocks by the rules of prometheus, thanos or mimir")
	f.BoolVar(&o.listCodes, "list-codes", false, "list the codes of findings with their meaning")
	addZoneFlags(cmd, &o.zones, usualUTC)
	addFormatFlag(cmd, &o.output, "text, or json or ndjson for programs", outputText, outputJSON, outputNDJSON)
	completeFlag(cmd, "target", string(verify.Prometheus), string(verify.Thanos), string(verify.Mimir))
	completeFlag(cmd, "severity", "note", "warning", "error")
	return cmd
}

type checkOptions struct {
	min       finding.Severity
	limit     int
	zones     zoneFlags
	salvage   string
	target    verify.Target
	listCodes bool
	output    outputFormat
}

func runCheck(ctx context.Context, s streams, o checkOptions, paths []string) error {
	if o.listCodes {
		return listCodes(s.out, o.output, check.Codes())
	}
	archives, failed := findArchives(paths)
	if len(archives) == 0 {
		return failed
	}
	opts := &check.Options{Min: o.min, Limit: o.limit, Zone: o.zones.or(time.UTC), HostZone: o.zones.host}
	if o.limit <= 0 {
		opts.Limit = -1
	}
	tally := &checkTally{Archives: int64(len(archives))}
	opts.Verdict = func(v check.Verdict) { tally.verdicts = append(tally.verdicts, verdictOf(v)) }
	findings := check.Archives(ctx, archives, opts)
	if o.salvage != "" {
		if len(archives) > 1 {
			return usageError{fmt.Errorf("--salvage takes one archive, and %s holds %d", paths[0], len(archives))}
		}
		opts.Replaced = func(name string) { printReplaced(s, []string{name}) }
		opts.Limit = -1 // list every lost record
		var err error
		if findings, err = salvaging(check.Salvage(ctx, archives[0], o.salvage, opts), &failed); err != nil {
			return err // the salvage did not begin, so there are no findings
		}
	}
	if err := writeFindings(s.out, o.output, tally.count(findings), tally); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	switch {
	case failed != nil:
		return failed
	case tally.Errors+tally.Warnings+tally.Notes > 0:
		return errFindings
	}
	return nil
}

// salvaging yields the findings of a salvage and stores a later failure in failed. It
// returns a failure that precedes all findings.
func salvaging(all iter.Seq2[finding.Finding, error], failed *error) (iter.Seq[finding.Finding], error) {
	next, stop := iter.Pull2(all)
	first, err, some := next()
	if err != nil {
		stop()
		return nil, err
	}
	return func(yield func(finding.Finding) bool) {
		defer stop()
		for f := first; some; f, err, some = next() {
			if err != nil {
				*failed = errors.Join(*failed, err)
				return
			}
			if !yield(f) {
				return
			}
		}
	}, nil
}

// checkTally counts findings; its JSON form is an interface.
type checkTally struct {
	Archives int64 `json:"archives"`
	Blocks   int64 `json:"blocks,omitempty"`
	Errors   int64 `json:"errors"`
	Warnings int64 `json:"warnings"`
	Notes    int64 `json:"notes"`
	verdicts []verdictJSON
}

// count yields the findings and counts them.
func (t *checkTally) count(findings iter.Seq[finding.Finding]) iter.Seq[finding.Finding] {
	return func(yield func(finding.Finding) bool) {
		for f := range findings {
			n := int64(max(1, f.Omitted))
			switch f.Severity {
			case finding.Error:
				t.Errors += n
			case finding.Warning:
				t.Warnings += n
			default:
				t.Notes += n
			}
			if !yield(f) {
				return
			}
		}
	}
}

func (t *checkTally) String() string {
	what := plural(t.Archives, "archive")
	if t.Blocks > 0 {
		what = plural(t.Blocks, "block")
	}
	return fmt.Sprintf("%s: %s, %s, %s", what, plural(t.Errors, "error"), plural(t.Warnings, "warning"), plural(t.Notes, "note"))
}
