package main

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/convert/expo"
	"github.com/pcparchive/pcparchive/convert/format"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/ingest"
	"github.com/pcparchive/pcparchive/rewrite"
)

// convertOptions are the flags of convert. They are those of the verbs for one pair of
// formats.
type convertOptions struct {
	from, to format.Format
	mapping  mappingOptions
	blocks   blockTarget
	comments bool
	samples  sampleOptions
	pages    pageOptions
	metric   string
	match    matchFlag
	lossy    bool
}

func newConvertCmd(s streams) *cobra.Command {
	var o convertOptions
	cmd := &cobra.Command{
		Use:   "convert IN... OUT",
		Short: "Turn archives, blocks, pages and replies into each other",
		Long: `Turn PCP archives, Prometheus TSDB blocks, exposition text and saved replies of the
query API into archives, blocks or text. convert recognizes the format of IN by its
content, and chooses that of OUT by its name:

    OUT                          format
    -, *.prom, *.txt             text, all samples with their times
    *.om, *.openmetrics          OpenMetrics
    a folder, or NAME/           blocks
    any other name               an archive

--from and --to choose other formats. 'pcparchive import' and 'pcparchive export' do the
same for one pair of formats, with more flags. From archives to an archive, convert does
the same as 'pcparchive copy', unless --step, --unwrap or --relabel is given.

Between blocks, pages and replies, names, labels and times stay as they are: no series
becomes a PCP metric on the way.

` + mappingHelp + `

` + samplesHelp,
		Example: `  pcparchive convert /var/log/pcp/pmlogger/web1 data/
  pcparchive convert dump.om data/ --relabel rules.yml
  pcparchive convert data/ all.om --match '{job="node"}' --start 2026-11-01T00:00:00Z
  pcparchive convert data/ rec --map node_exporter
  pcparchive convert rec thin --step 5m
  curl -s localhost:9100/metrics | pcparchive convert - rec`,
		Args: nargs(2, -1, "at least one input and an output"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.mapping.ranged = cmd.Flags().Changed("start") || cmd.Flags().Changed("end")
			return runConvert(cmd.Context(), s, o, args[:len(args)-1], args[len(args)-1])
		},
	}
	// These groups of flags overlap. The first group that has a flag defines it.
	for _, add := range []func(*cobra.Command){
		o.mapping.add, o.blocks.add, o.pages.add, func(c *cobra.Command) { o.samples.add(c, "") },
	} {
		part := &cobra.Command{}
		add(part)
		part.Flags().VisitAll(func(f *pflag.Flag) {
			if cmd.Flags().Lookup(f.Name) == nil && f.Name != "output-archive" && f.Name != "dir" {
				cmd.Flags().AddFlag(f)
			}
		})
	}
	f := cmd.Flags()
	f.Var(&o.from, "from", "format of the input: archive, blocks, text, openmetrics or json; default: recognized by its content")
	f.Var(&o.to, "to", "format of the output: archive, blocks, text or openmetrics; default: by its name")
	f.BoolVar(&o.comments, "pcp5", true, "describe PCP's metrics in comments of text")
	f.StringVar(&o.metric, "metric", "", "name of series without a name in replies; default: the name of the file")
	addMatchFlag(cmd, &o.match)
	f.BoolVar(&o.lossy, "lossy", false, "leave out or round data that an archive of version 2 cannot hold")
	completeFlag(cmd, "from", "archive", "blocks", "text", "openmetrics", "json")
	completeFlag(cmd, "to", "archive", "blocks", "text", "openmetrics")
	return cmd
}

func runConvert(ctx context.Context, s streams, o convertOptions, in []string, out string) error {
	if o.from == format.Unknown {
		var err error
		if o.from, s, err = inputFormat(s, in); err != nil {
			return err
		}
	}
	if o.from == format.Text || o.from == format.OpenMetrics {
		if o.from == format.OpenMetrics {
			o.pages.format = expo.OpenMetrics.String()
		}
		o.from = format.Text
	}
	o.to = cmp.Or(o.to, format.ForOutput(out))
	o.settle(out)
	if o.from == format.Archive {
		return o.fromArchives(ctx, s, in, out)
	}
	return o.fromSamples(ctx, s, in, out)
}

// settle copies the flags that several groups share to each of them.
func (o *convertOptions) settle(out string) {
	m := &o.mapping
	o.blocks.dir, o.blocks.output, o.blocks.zone = out, o.samples.output, m.zones.or(time.UTC)
	o.pages.zones, o.samples.zones = m.zones, m.zones
	o.samples.out, o.samples.external, o.samples.relabel = out, m.labels, m.relabel
}

// fromArchives converts archives.
func (o *convertOptions) fromArchives(ctx context.Context, s streams, in []string, out string) error {
	m := &o.mapping
	if err := m.check(); err != nil {
		return err
	}
	switch {
	case o.to == format.Blocks:
		return exportBlocks(ctx, s, in, m, o.blocks)
	case o.to == format.Text, o.to == format.OpenMetrics:
		return o.dump(ctx, s, in, out)
	case o.to != format.Archive:
		return usageError{fmt.Errorf("--to %s: replies cannot be written", o.to)}
	case len(m.relabel.rules) > 0:
		return o.relabelArchives(ctx, s, in)
	case m.step > 0 || m.unwrap:
		return o.thinArchives(ctx, s, in, out)
	}
	return o.copy(ctx, s, in, out)
}

// textTarget returns the target of text output.
func (o *convertOptions) textTarget(out string) textTarget {
	t := textTarget{file: out, comments: o.comments, output: o.samples.output}
	if o.to == format.OpenMetrics {
		t.format = expo.OpenMetrics
	}
	return t
}

// dump writes all samples of archives as text.
func (o *convertOptions) dump(ctx context.Context, s streams, in []string, out string) error {
	t := o.textTarget(out)
	if err := t.check(in); err != nil {
		return err
	}
	h, err := openHosts(s, in)
	if err != nil {
		return err
	}
	m := o.mapping
	m.ranged, h.zones = true, m.zones
	report := &prom.Report{}
	err = dumpArchives(ctx, s, h, &m, t, m.flattenOptions(report))
	return cmp.Or(err, h.reportProblems(), reportLosses(s, report))
}

// copy copies archives record by record.
func (o *convertOptions) copy(ctx context.Context, s streams, in []string, out string) error {
	m := &o.mapping
	sel := copySelection{Options: rewrite.Options{
		Version: o.samples.version, VolumeSize: int64(o.samples.volumeSize), Compress: o.samples.compress, Lossy: o.lossy,
	}}
	if m.ranged {
		sel.start, sel.end, sel.zones = m.start, m.end, m.zones
	}
	return copyArchives(ctx, s, sel, in, out, func(host string, report *rewrite.Report) error {
		if o.samples.output == outputJSON {
			return writeJSON(s.out, convertedOutput{[]convertedArchive{{out, host}}, report.Losses})
		}
		return printCopy(s, out, report)
	})
}

// convertedOutput is the JSON that convert prints for archives made of archives. The
// form of the losses depends on the package that made the archive.
type convertedOutput struct {
	Archives []convertedArchive `json:"archives"`
	Losses   any                `json:"losses"`
}

type convertedArchive struct {
	Archive string `json:"archive"`
	Host    string `json:"host"`
}

// thinArchives writes an archive of the steps of other archives that pass the stages.
func (o *convertOptions) thinArchives(ctx context.Context, s streams, in []string, out string) error {
	h, set, err := openHost(s, in)
	if err != nil {
		return err
	}
	m := &o.mapping
	h.zones = m.zones
	from, to, err := m.times(h)
	if err != nil {
		return err
	}
	report := &prom.Report{}
	im, err := o.samples.importer(report)
	if err != nil {
		return err
	}
	src := m.stages().Source(convert.FromArchive(set, history.Query{From: from, To: to}), report)
	res, err := im.Steps(ctx, src, set.MergedHeader())
	if err != nil {
		return err
	}
	printReplaced(s, res.Replaced)
	if o.samples.output == outputJSON {
		err = writeJSON(s.out, convertedOutput{[]convertedArchive{{out, res.Archives[0].Host}}, report.Losses()})
	} else {
		_, err = fmt.Fprintf(s.out, "%s: written\n", out)
	}
	return cmp.Or(err, h.reportProblems(), reportLosses(s, report))
}

// relabelArchives writes an archive of the relabelled series of other archives. PCP's
// own metrics that keep their names remain the same metrics.
func (o *convertOptions) relabelArchives(ctx context.Context, s streams, in []string) error {
	h, err := openHosts(s, in)
	if err != nil {
		return err
	}
	report := &prom.Report{}
	m := &o.mapping
	h.zones = m.zones
	from, to, err := m.times(h)
	if err != nil {
		return err
	}
	fo := m.flattenOptions(report)
	fo.AllNames = true
	samples, view := m.source(h, from, to, fo)
	imported := o.samples
	imported.external = nil // the samples have these labels
	src := &sampleInput{done: view.clear, Source: ingest.FromArchives(samples, report)}
	return cmp.Or(importSamples(ctx, s, imported, src, report), h.reportProblems())
}
