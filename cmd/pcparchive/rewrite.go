package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/rewrite"
	"github.com/pcparchive/pcparchive/rewrite/edit"
	"github.com/pcparchive/pcparchive/rewrite/rules"
	"github.com/pcparchive/pcparchive/store"
)

type rewriteOptions struct {
	config     []string
	dryRun     bool
	check      bool
	inPlace    bool
	rescale    bool
	warnings   bool
	lossy      bool
	version    pcp.Version
	volumeSize byteSize
	compress   archive.Compression
	output     outputFormat
}

func newRewriteCmd(s streams) *cobra.Command {
	var o rewriteOptions
	cmd := &cobra.Command{
		Use:   "rewrite -c RULES ARCHIVE [OUT]",
		Short: "Rename, renumber, convert and delete metrics, instances, labels and texts",
		Long: `Write an archive anew with changes that rules describe. The rules are those of PCP's
pmlogrewrite; docs/rewrite.md describes the language. Files of rules can be given several
times, and so can folders of them, such as /etc/pcp/pmlogrewrite.

  global { hostname -> db1.example.com  time -> -1:00:00 }
  metric disk.dev.read { type -> U64 }
  metric mem.util.* { units -> "Mbyte" rescale }
  metric kernel.all.load { indom -> null output inst 1 }
  metric old.* { name -> new.* }
  metric 60.8.* { pmid -> 123.*.* }
  indom 60.2 { inst 1 -> 60 iname "1 minute" -> "60 second" }
  indom 3.9 { iname replace "([0-9]+) /.*/(.*)" -> "\1 \2" }
  text metric disk.dev.read help { text -> "Read operations" }
  label context "hostname" { value -> "db1" }
  label instances 60.1 "sda" { new "rack" "4" }

--dry-run lists what would change and writes nothing. Rules that contradict each other or
the archive are errors, with file, line and column. A rule may match nothing, because one
file of rules serves many archives; --warnings lists such rules.

OUT appears when it is complete; an existing archive is never overwritten. With --in-place,
ARCHIVE itself is replaced by the complete result.`,
		Example: `  pcparchive rewrite -c fix.conf rec fixed
  pcparchive rewrite -c fix.conf rec --dry-run
  pcparchive rewrite -c /etc/pcp/pmlogrewrite -c mine.conf rec --in-place --warnings
  pcparchive rewrite -c fix.conf --check`,
		ValidArgsFunction: completeArchives,
		Args:              nargs(0, 2, "an archive and a name for the output"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runRewrite(cmd.Context(), s, o, args)
		},
	}
	f := cmd.Flags()
	f.StringArrayVarP(&o.config, "config", "c", nil, "file or folder of rules; may be repeated")
	f.BoolVar(&o.dryRun, "dry-run", false, "list what would change, and write nothing")
	f.BoolVar(&o.check, "check", false, "only check that the rules can be parsed; no archive is needed")
	f.BoolVarP(&o.inPlace, "in-place", "i", false, "replace ARCHIVE by the result")
	f.BoolVarP(&o.rescale, "rescale", "s", false, "convert the values wherever units change their scale, as the keyword RESCALE does")
	f.BoolVarP(&o.warnings, "warnings", "w", false, "list the rules and clauses that change nothing")
	f.BoolVar(&o.lossy, "lossy", false, "leave out or round data that OUT cannot hold, and report it")
	addVersionFlag(cmd, &o.version, "archive format, 2 or 3; default: that of ARCHIVE")
	addVolumeFlags(cmd, &o.volumeSize, &o.compress, "the volumes")
	addOutputFlag(cmd, &o.output)
	return cmd
}

func runRewrite(ctx context.Context, s streams, o rewriteOptions, args []string) error {
	if len(o.config) == 0 {
		return usageError{errors.New("no rules: -c FILE names a file or folder of rules")}
	}
	all, err := rules.Load(o.config...)
	if err != nil {
		return err
	}
	if o.check {
		_, err := fmt.Fprintln(s.out, plural(len(all), "rule"))
		return err
	}
	if err := o.checkOperands(args); err != nil {
		return err
	}
	r, problems, err := oneArchive(s, args[0])
	if err != nil {
		return err
	}
	plan, err := edit.New(all, r, edit.Options{Version: o.version, Rescale: o.rescale})
	if err != nil {
		return err
	}
	p := rewritePrinter{s: s, o: o, plan: plan, rules: len(all)}
	if o.dryRun {
		return p.dryRun()
	}
	out := args[len(args)-1]
	if o.inPlace {
		out = r.Base()
	}
	report, err := o.write(ctx, r, out, plan)
	if err != nil {
		return err
	}
	printReplaced(s, report.Replaced)
	if err := p.done(out, report); err != nil {
		return err
	}
	return reportCopyLosses(s, problems, report)
}

// checkOperands rejects a missing archive, and a name of the output that is missing or of no
// use.
func (o *rewriteOptions) checkOperands(args []string) error {
	want := 2
	if o.dryRun || o.inPlace {
		want = 1
	}
	switch {
	case len(args) == 0:
		return usageError{errors.New("no archive")}
	case len(args) < want:
		return usageError{errors.New("no name for the output; --in-place replaces the archive, --dry-run only lists the changes")}
	case o.inPlace && len(args) > 1:
		return usageError{errors.New("--in-place replaces the archive: give no name for the output")}
	}
	return nil
}

// write writes the changed archive, or with --in-place replaces it.
func (o *rewriteOptions) write(ctx context.Context, r *archive.Reader, out string, plan rewrite.Editor) (report *rewrite.Report, err error) {
	options := rewrite.Options{Version: o.version, Lossy: o.lossy, VolumeSize: int64(o.volumeSize), Compress: o.compress, Edit: plan}
	if o.inPlace {
		report, err = rewrite.Replace(ctx, r, options)
	} else {
		report, err = rewrite.Copy(ctx, out, []*archive.Reader{r}, options)
	}
	if errors.Is(err, rewrite.ErrLoss) {
		err = fmt.Errorf("%w; --lossy allows it", err)
	}
	return report, err
}

// oneArchive opens the archive that a verb changes.
func oneArchive(s streams, path string) (*archive.Reader, []store.Problem, error) {
	h, set, err := openHost(s, []string{path})
	if err != nil {
		return nil, nil, err
	}
	readers := slices.Collect(set.Readers())
	if err := h.Unusable(); err != nil {
		return nil, nil, err
	}
	if len(readers) != 1 {
		return nil, nil, severalArchives(path, len(readers))
	}
	return readers[0], h.Problems(), nil
}

// severalArchives is the error of a path that names several archives for a verb that changes
// one.
func severalArchives(path string, n int) error {
	return usageError{fmt.Errorf("%s: holds %d archives: name one, or join them with pcparchive copy", filepath.Clean(path), n)}
}
