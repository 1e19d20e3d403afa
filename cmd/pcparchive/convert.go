package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/convert/expo"
	"github.com/pcparchive/pcparchive/convert/format"
	"github.com/pcparchive/pcparchive/convert/native"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/ingest"
	"github.com/pcparchive/pcparchive/rewrite"
	"github.com/pcparchive/pcparchive/store"
)

// convertOptions are the flags of convert: those of the verbs that it stands for.
type convertOptions struct {
	from, to format.Format
	blocks   exportTSDBOptions // its mapping is everyone's
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
		Long: `Turn PCP archives, Prometheus TSDB blocks, exposition text and saved replies of
the query API into archives, blocks or text. What IN is, is told from what it
holds, and what OUT is to be from its name:

    OUT                        becomes
    -, *.prom, *.txt           text, all samples with their times
    *.om, *.openmetrics        OpenMetrics
    a folder, or ending in /   blocks
    anything else              an archive

--from and --to say it where that is not what is meant. The other verbs do the same
for one pair, with flags of their own: see 'pcparchive import' and 'pcparchive
export'; archives to an archive is 'pcparchive copy', unless --step, --unwrap or
--relabel ask for more.

Between blocks, pages and replies nothing passes through PCP: names, labels and
times stay as they are.

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
			o.blocks.mapping.ranged = cmd.Flags().Changed("start") || cmd.Flags().Changed("end")
			return runConvert(cmd.Context(), s, o, args[:len(args)-1], args[len(args)-1])
		},
	}
	// The flags of the verbs: of those that two have the first one's counts.
	for _, add := range []func(*cobra.Command){
		o.blocks.mapping.add, o.blocks.addOwn, o.pages.add, func(c *cobra.Command) { o.samples.add(c, "") },
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
	f.Var(&o.from, "from", "what the input is: archive, blocks, text, openmetrics or json; default: told from it")
	f.Var(&o.to, "to", "what the output is: archive, blocks, text or openmetrics; default: told from its name")
	f.BoolVar(&o.comments, "pcp5", true, "describe PCP's metrics in comments of text")
	f.StringVar(&o.metric, "metric", "", "name of series in replies that have none; default: the file's")
	addMatchFlag(cmd, &o.match)
	f.BoolVar(&o.lossy, "lossy", false, "leave out or round what an archive of version 2 cannot hold")
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

// settle gives flags that several verbs have to all of them.
func (o *convertOptions) settle(out string) {
	m := &o.blocks.mapping
	o.blocks.dir, o.blocks.output = out, o.samples.output
	o.pages.zones, o.samples.zones = m.zones, m.zones
	o.samples.out, o.samples.external, o.samples.relabel = out, m.labels, m.relabel
}

// fromArchives converts archives.
func (o *convertOptions) fromArchives(ctx context.Context, s streams, in []string, out string) error {
	m := &o.blocks.mapping
	if err := m.check(); err != nil {
		return err
	}
	switch {
	case o.to == format.Blocks:
		return runExportTSDB(ctx, s, o.blocks, in)
	case o.to == format.Text, o.to == format.OpenMetrics:
		p := exportPromOptions{at: "end", target: "always", health: true, comments: o.comments, file: out, mapping: *m, output: o.samples.output}
		p.mapping.ranged = true
		if o.to == format.OpenMetrics {
			p.format = expo.OpenMetrics
		}
		return runExportProm(ctx, s, p, in)
	case o.to != format.Archive:
		return usageError{fmt.Errorf("--to %s: replies cannot be written", o.to)}
	case len(m.relabel.rules) > 0:
		return o.relabelArchives(ctx, s, in)
	case m.step > 0 || m.unwrap:
		return o.thinArchives(ctx, s, in, out)
	}
	c := copyOptions{volumeSize: o.samples.volumeSize, output: o.samples.output, converts: true}
	c.Options = rewrite.Options{Version: o.samples.version, Compress: o.samples.compress, Lossy: o.lossy}
	if m.ranged {
		c.start, c.end, c.zones = m.start, m.end, m.zones
	}
	return runCopy(ctx, s, c, in, out)
}

// convertedOutput is what is printed of archives that were made of archives. Its
// losses have the form of the verb that did it.
type convertedOutput struct {
	Archives []convertedArchive `json:"archives"`
	Losses   any                `json:"losses"`
}

type convertedArchive struct {
	Archive string `json:"archive"`
	Host    string `json:"host"`
}

// thinArchives writes an archive of what the stages between leave of others.
func (o *convertOptions) thinArchives(ctx context.Context, s streams, in []string, out string) (err error) {
	h, err := openHosts(s, in)
	if err != nil {
		return err
	}
	set, err := h.only()
	if err != nil {
		return err
	}
	m := &o.blocks.mapping
	h.zones = m.zones
	from, to, err := m.times(h)
	if err != nil {
		return err
	}
	aside, err := rewrite.NewAside(out)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, aside.Remove()) }()
	version := o.samples.version
	for r := range set.Readers() {
		version = max(version, r.Header().Version)
	}
	if o.samples.version != 0 {
		version = o.samples.version
	}
	header := *firstReader(set).Header()
	a, err := archive.Create(aside.Base(), archive.Header{Host: header.Host, PID: header.PID, Zone: header.Zone, ZoneInfo: header.ZoneInfo}, &archive.WriteOptions{
		Version: version, VolumeSize: int64(o.samples.volumeSize), NoLock: true, AsIs: true,
		Compress: o.samples.compress, CompressLast: o.samples.compress != archive.CompressNone,
	})
	if err != nil {
		return err
	}
	report := &prom.Report{}
	sink := convert.NewToArchive(a)
	src := m.source(convert.FromArchive(set, history.Query{From: from, To: to}), report)
	if err := errors.Join(convert.Copy(ctx, sink, src), sink.Close()); err != nil {
		return err
	}
	if err := aside.Publish(); err != nil {
		return err
	}
	printReplaced(s, aside.Replaced())
	if o.samples.output == outputJSON {
		err = writeJSON(s.out, convertedOutput{[]convertedArchive{{Archive: out, Host: header.Host}}, report.Losses()})
	} else {
		_, err = fmt.Fprintf(s.out, "%s: written\n", out)
	}
	return cmp.Or(err, h.reportProblems(), sayLosses(s, report))
}

func firstReader(set *store.Set) *archive.Reader {
	for r := range set.Readers() {
		return r
	}
	return nil
}

// relabelArchives writes an archive of others whose series were relabelled. PCP's
// own metrics that keep their names stay what they are.
func (o *convertOptions) relabelArchives(ctx context.Context, s streams, in []string) error {
	h, err := openHosts(s, in)
	if err != nil {
		return err
	}
	report := &prom.Report{}
	m := o.blocks.mapping
	h.zones = m.zones
	from, to, err := m.times(h)
	if err != nil {
		return err
	}
	rules := m.relabel
	m.relabel = relabelFlag{} // importSamples applies it
	o.samples.relabel, o.samples.external = rules, nil
	src := &sampleInput{Source: ingest.Source{
		SampleSource: archiveSamples(func(ctx context.Context, dst prom.SampleSink) error {
			fo := m.flattenOptions(report)
			fo.AllNames = true
			return m.copyHosts(ctx, h, from, to, borrowed{dst}, fo)
		}),
		Natives: func(string) native.Resolver { return tsdb.NewNatives(report, h.nativeMetrics()) },
	}}
	return cmp.Or(importSamples(ctx, s, o.samples, src, report), h.reportProblems())
}

// archiveSamples is the SampleSource that archives are by way of a Flattener.
type archiveSamples func(context.Context, prom.SampleSink) error

// Samples hands on all samples, by ascending time.
func (f archiveSamples) Samples(ctx context.Context, dst prom.SampleSink) error {
	return f(ctx, dst)
}
