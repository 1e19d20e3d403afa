package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/rewrite"
	"github.com/pcparchive/pcparchive/store"
	"github.com/pcparchive/pcparchive/summary"
)

type copyOptions struct {
	copySelection
	volumeSize byteSize
	output     outputFormat
}

// copySelection selects the records of a copy. Its times may be relative to the
// archives.
type copySelection struct {
	rewrite.Options
	start, end string   // as on the command line; empty for no limit
	labels     []string // matchers as on the command line
	zones      zoneFlags
}

func newCopyCmd(s streams) *cobra.Command {
	var o copyOptions
	cmd := &cobra.Command{
		Use:   "copy ARCHIVE... OUT",
		Short: "Copy, convert, extract from or merge archives",
		Long: `Copy archives: decode and encode every record. The copy of one archive without a
selection has the same metadata and volumes, byte for byte. If the index does not fit
the values, the copy gets a new index.

With a selection or with several archives, OUT is the archive that a logger would have
written: the selected values on one timeline, with the metadata that they need. A mark
separates two archives, unless one run of the logger recorded both. All archives
must be of one host. A folder stands for the archives in it and in the folders below
it.

Version 2 has no times finer than a microsecond or after 2038, no zoneinfo and no
feature bits. Data that OUT cannot hold is an error unless --lossy allows the loss.

--compress compresses the volumes of OUT, but not metadata and index. pcparchive
can begin to read a volume in zstd at any time, without decompressing earlier data.

copy never overwrites an archive. OUT appears when it is complete.`,
		Example: `  pcparchive copy rec copy
  pcparchive copy rec old --archive-version 2 --lossy
  pcparchive copy monday tuesday both
  pcparchive copy rec small --compress --volume-size 100MB
  pcparchive copy rec forold --compress gzip --archive-version 2 --lossy
  pcparchive copy rec part --start end-1h --metrics kernel,disk.dev.read --labels device_type=block`,
		ValidArgsFunction: completeArchives,
		Args:              nargs(2, -1, "at least one archive and a name for the copy"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runCopy(cmd.Context(), s, o, args[:len(args)-1], args[len(args)-1])
		},
	}
	f := cmd.Flags()
	addVersionFlag(cmd, &o.Version, "archive format, 2 or 3; default: the highest format of the inputs")
	f.BoolVar(&o.Lossy, "lossy", false, "leave out or round data that OUT cannot hold, and report it")
	f.StringVar(&o.start, "start", "", "leave out earlier records: "+timeHelp)
	f.StringVar(&o.end, "end", "", "leave out later records")
	f.StringSliceVar(&o.Metrics, "metrics", nil, "only these metrics: names, subtrees, PMIDs, or names with *, ? and []; may be repeated")
	f.StringArrayVar(&o.labels, "labels", nil, `only series with these labels, as in PromQL: NAME="VALUE" with =, !=, =~ or !~; may be repeated`)
	addVolumeFlags(cmd, &o.volumeSize, &o.Compress, "the volumes")
	addZoneFlags(cmd, &o.zones, usualHost)
	addOutputFlag(cmd, &o.output)
	return cmd
}

// resolve completes the options of a copy of these archives.
func (o *copySelection) resolve(t timeline) (err error) {
	for _, text := range o.labels {
		m, err := rewrite.ParseMatchers(text)
		if err != nil {
			return usageError{err}
		}
		o.Labels = append(o.Labels, m...)
	}
	o.Start, o.End, err = parseRange(o.start, o.end, o.zones.over(t))
	return err
}

// copyOutput is what copy prints.
type copyOutput struct {
	Archive string `json:"archive"`
	*rewrite.Report
}

func runCopy(ctx context.Context, s streams, o copyOptions, in []string, out string) error {
	o.VolumeSize = int64(o.volumeSize)
	return copyArchives(ctx, s, o.copySelection, in, out, func(_ string, report *rewrite.Report) error {
		if o.output == outputJSON {
			return writeJSON(s.out, copyOutput{out, report})
		}
		return printCopy(s, out, report)
	})
}

// printCopy prints the name and the size of a copy.
func printCopy(s streams, out string, report *rewrite.Report) error {
	_, err := fmt.Fprintf(s.out, "%s: %s\n", out, plural(report.Records, "record"))
	return err
}

// copyArchives copies archives of one host. Then it calls print and reports the data
// that the copy lacks.
func copyArchives(ctx context.Context, s streams, o copySelection, in []string, out string, print func(host string, report *rewrite.Report) error) error {
	h, err := openHosts(s, in)
	if err != nil {
		return err
	}
	set, err := h.only()
	if err != nil {
		return err
	}
	readers := slices.Collect(set.Readers()) // by their start
	if err := h.Unusable(); err != nil {
		return err
	}
	problems := h.Problems()
	if err := o.resolve(set); err != nil {
		return err
	}
	report, err := rewrite.Copy(ctx, out, readers, o.Options)
	if errors.Is(err, rewrite.ErrLoss) {
		return fmt.Errorf("%w; --lossy allows it", err)
	}
	if err != nil {
		return o.explain(ctx, h, err)
	}
	printReplaced(s, report.Replaced)
	err = print(set.Host(), report)
	for _, p := range problems {
		known := func(err error) bool { return err.Error() == p.Err.Error() }
		if !slices.ContainsFunc(report.Damage, known) {
			report.Damage = append(report.Damage, p.Err)
		}
	}
	return cmp.Or(err, reportCopyLosses(s, report))
}

// explain adds similar names to an error about a selection without records, or
// prints why it has none.
func (o *copySelection) explain(ctx context.Context, h *hosts, err error) error {
	switch {
	case errors.Is(err, rewrite.ErrNoMetric):
		for _, name := range o.Metrics {
			if !h.HasMetric(name) {
				return fmt.Errorf("%w%s", err, h.didYouMean(name))
			}
		}
	case errors.Is(err, rewrite.ErrEmpty):
		h.zones = o.zones
		r := summary.Request{From: o.Start, To: o.End, Labels: len(o.Labels) > 0}
		if len(o.Metrics) > 0 && !strings.ContainsAny(strings.Join(o.Metrics, ""), "*?[") {
			r.Name = strings.Join(o.Metrics, ", ")
			r.Metrics = func(d *meta.Desc) bool {
				return slices.ContainsFunc(o.Metrics, func(name string) bool { return d.Matches(name) })
			}
		}
		h.explain(ctx, r)
	}
	return err
}

// reportCopyLosses prints the data that the copy lacks. Damage of the input leads to
// errSkipped, a loss that --lossy allows does not.
func reportCopyLosses(s streams, report *rewrite.Report) error {
	for _, l := range report.Losses {
		fmt.Fprintf(s.err, "%s: %s (%s)\n", l.Loss, humanize.Comma(int64(l.Count)), l.First)
	}
	for _, err := range report.Damage {
		fmt.Fprintln(s.err, store.Problem{Err: err})
	}
	if len(report.Damage) > 0 {
		return errSkipped
	}
	return nil
}
