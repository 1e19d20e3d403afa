package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/dump"
	"github.com/pcparchive/pcparchive/internal/ctxio"
)

func newDumpCmd(s streams) *cobra.Command {
	var o dumpOptions
	cmd := &cobra.Command{
		Use:         "dump [flags] ARCHIVE [METRIC...]",
		Annotations: onlyReads,
		Short:       "List an archive as pmdumplog does, or as JSON",
		Long: `List the contents of an archive, in the form and with the options of PCP's
pmdumplog. ARCHIVE is its base name or any of its files. Without an option that
selects a part, dump lists the values of all metrics, or of the named metrics and
subtrees. The listing equals that of PCP 7.2, where the program is pmlogdump, except for
the order of its hash tables. --compat 6 gives the listing of 6.0.3.

ARCHIVE may also be a folder or a list with commas. dump lists the archives of one
host as one: a line names each archive before its label, index and stored instance
domains. The other parts come from the metadata of all archives. The values of all
archives are in order of time, with a mark in each gap. dump lists several hosts one
after the other, and with --compat 6 each archive of a host as well.

With --output json or ndjson, dump lists every record with all its fields and the
position at which it is stored. The options that select parts, times and metrics
apply.`,
		Example: `  pcparchive dump rec
  pcparchive dump -a -z rec
  pcparchive dump -l -x -S -5min rec kernel.all.load
  pcparchive dump -v rec.0
  pcparchive dump -l /var/log/pcp/pmlogger/web1
  pcparchive dump --output ndjson rec | jq -c 'select(.kind == "labels")'`,
		ValidArgsFunction: completeArchives,
		Args:              o.checkArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			s.out = ctxio.NewWriter(cmd.Context(), exact(s.out))
			return runDump(s, &o, args)
		},
	}
	f := cmd.Flags()
	f.Bool("help", false, "help for dump") // -h is pmdumplog's option for help text
	f.BoolVarP(&o.all, "all", "a", false, "all parts except label sets, help text and instance domains as stored, with sizes")
	f.BoolVarP(&o.descs, "descs", "d", false, "descriptions of the metrics")
	f.BoolVarP(&o.labelSets, "labelsets", "e", false, "label sets")
	f.BoolVarP(&o.help, "helptext", "h", false, "help text")
	f.BoolVarP(&o.diskInDoms, "on-disk-insts", "I", false, "instance domains as stored")
	f.BoolVarP(&o.inDoms, "insts", "i", false, "instance domains")
	f.BoolVarP(&o.label, "label", "l", false, "the archive's label")
	f.BoolVarP(&o.details, "label-details", "L", false, "the archive's label with more of its fields")
	f.BoolVarP(&o.marks, "markrecs", "M", false, "marks, even if metrics are named")
	f.BoolVarP(&o.metrics, "metrics", "m", false, "values of the metrics (default)")
	f.BoolVarP(&o.reverse, "reverse", "r", false, "values newest first")
	f.BoolVarP(&o.sizes, "sizes", "s", false, "sizes of the data records")
	f.StringVarP(&o.from, "start", "S", "", "start of the time window: an interval after the archive's start, with - before its end, or @ and a time")
	f.StringVarP(&o.to, "finish", "T", "", "end of the time window: an interval after the window's start, with - before the archive's end, or @ and a time")
	f.BoolVarP(&o.index, "index", "t", false, "the temporal index")
	f.StringVarP(&o.raw, "raw", "v", "", "list the records of a `file` in hexadecimal, instead of an archive")
	f.IntVar(&o.compat, "compat", 0, "list like a release of PCP: 6 like 6.0.3, 7 like 7.2 (default)")
	f.CountVarP(&o.dates, "dates", "x", "print dates with the times; given twice: also seconds since the start; three times: also seconds since 1970")
	addZoneFlags(cmd, &o.zones, usualLocal)
	addFormatFlag(cmd, &o.output, "text, json, or ndjson with one record a line", outputText, outputJSON, outputNDJSON)
	return cmd
}

type dumpOptions struct {
	all, descs, labelSets, help, diskInDoms, inDoms, label, details, metrics, index bool

	marks, reverse, sizes bool

	from, to string
	raw      string
	compat   int
	dates    int
	zones    zoneFlags
	output   outputFormat
}

// checkArgs checks the operands and the flags that exclude each other.
func (o *dumpOptions) checkArgs(cmd *cobra.Command, args []string) error {
	switch {
	case o.compat != 0 && o.compat != 6 && o.compat != 7:
		return usageError{fmt.Errorf("--compat %d: want 6 or 7", o.compat)}
	case o.raw != "" && (len(args) > 0 || o.output != outputText):
		return wrongOperands(cmd, "-v lists one file as text, and no archive")
	case o.output != outputText && o.reverse:
		return usageError{errors.New("-r is for text: JSON lists records in the order stored")}
	case o.raw == "" && len(args) == 0:
		return wrongOperands(cmd, "want an archive, got no arguments")
	}
	return nil
}

// sections returns the parts that the flags select.
func (o *dumpOptions) sections() dump.Section {
	var sections dump.Section
	for _, part := range [...]struct {
		on bool
		s  dump.Section
	}{
		{o.all, dump.All}, {o.descs, dump.Descs}, {o.labelSets, dump.LabelSets}, {o.help, dump.HelpText},
		{o.diskInDoms, dump.DiskInDoms}, {o.inDoms, dump.InDoms}, {o.label, dump.Label},
		{o.details, dump.Label | dump.LabelDetails}, {o.index, dump.Index}, {o.metrics, dump.Metrics},
	} {
		if part.on {
			sections |= part.s
		}
	}
	return sections
}

func runDump(s streams, o *dumpOptions, args []string) error {
	if o.raw != "" {
		return dump.Raw(s.out, o.raw)
	}
	h, err := openHosts(s, args[:1])
	if err != nil {
		return err
	}
	damaged := false
	list := o.listText
	if o.output != outputText {
		list = o.listJSON
	}
	if err := list(s, h, args[1:]); errors.Is(err, errSkipped) {
		damaged = true
	} else if err != nil {
		return err
	}
	if err := cmp.Or(h.Unusable(), h.reportSkipped()); err != nil {
		return err
	}
	if damaged {
		return errSkipped
	}
	return nil
}

// options returns the options for a listing of archives, the earliest first.
func (o *dumpOptions) options(s streams, archives []*archive.Reader, metrics []string) (*dump.Options, error) {
	opts := &dump.Options{
		Sections: o.sections(), Sizes: o.sizes || o.all, Reverse: o.reverse, Marks: o.marks, Dates: o.dates, Compat: o.compat,
		Zone: o.location(archives[0]), Names: metrics,
		Warn: func(err error) { fmt.Fprintln(s.err, "pcparchive: warning:", err) },
	}
	var err error
	opts.From, opts.To, err = dump.Window(archives, o.from, o.to, opts.Zone)
	if err != nil {
		return nil, usageError{fmt.Errorf("time window: %w", err)}
	}
	return opts, nil
}

// location returns the time zone of the listing. As in pmdumplog, -z stands for
// the POSIX zone of the archive label, not for its zoneinfo.
func (o *dumpOptions) location(r *archive.Reader) *time.Location {
	tz, ok := os.LookupEnv("TZ")
	switch {
	case o.zones.host:
		return archive.Zone(r.Header().Zone)
	case o.zones.loc != nil:
		return o.zones.loc
	case ok:
		return archive.Zone(tz)
	}
	return time.Local
}
