package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/convert/expo"
	"github.com/pcparchive/pcparchive/convert/tsdb"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/pcp"
)

func newExportCmd(s streams) *cobra.Command {
	return group("export", "Turn an archive into Prometheus data", newExportTSDBCmd(s), newExportPromCmd(s))
}

type exportTSDBOptions struct {
	dir        string
	blockRange time.Duration
	output     outputFormat
}

func newExportTSDBCmd(s streams) *cobra.Command {
	var o exportTSDBOptions
	cmd := &cobra.Command{
		Use:   "tsdb ARCHIVE... -o DIR",
		Short: "Write Prometheus TSDB blocks",
		Long: `Write Prometheus TSDB blocks that a Prometheus server opens as they are, one
per UTC day unless --block-duration says otherwise. A block appears when it is
complete; an interrupt leaves no half one.

Metrics that came from Prometheus get back their names, labels, job and
instance. Other metrics are named with underscores for dots and carry the labels
that a PCP client sees, with the instance's name as 'instname'.

` + archivesHelp + `
Of several hosts each has blocks of its own.`,
		Example: `  pcparchive export tsdb rec -o data/
  pcparchive export tsdb /var/log/pcp/pmlogger/web1 -o data/
  prometheus --storage.tsdb.path=data/ --storage.tsdb.retention.time=100y`,
		Args: nargs(1, -1, "archives"),
		RunE: func(cmd *cobra.Command, args []string) error { return runExportTSDB(cmd.Context(), s, o, args) },
	}
	f := cmd.Flags()
	f.StringVarP(&o.dir, "dir", "o", "", "folder for the blocks, such as a Prometheus data folder")
	f.DurationVar(&o.blockRange, "block-duration", tsdb.DefaultBlockRange, "time that a block covers, aligned to multiples since 1970 UTC")
	addOutputFlag(cmd, &o.output)
	return cmd
}

// blocksOutput is what export tsdb prints.
type blocksOutput struct {
	Blocks []blockOutput       `json:"blocks"`
	Losses []convert.LossCount `json:"losses"`
}

type blockOutput struct {
	ULID    string    `json:"ulid"`
	Dir     string    `json:"dir"`
	Start   time.Time `json:"start"`
	End     time.Time `json:"end"`
	Series  uint64    `json:"series"`
	Samples uint64    `json:"samples"`
	Bytes   int64     `json:"bytes"`
}

func runExportTSDB(ctx context.Context, s streams, o exportTSDBOptions, paths []string) error {
	if o.dir == "" {
		return usageError{fmt.Errorf("-o DIR is missing")}
	}
	if o.blockRange < time.Millisecond {
		return usageError{fmt.Errorf("--block-duration %s is less than a millisecond", o.blockRange)}
	}
	h, err := openHosts(s, paths)
	if err != nil {
		return err
	}
	report := &convert.Report{}
	var blocks []tsdb.Block
	for _, set := range h.sets {
		made, err := exportBlocks(ctx, set, o.dir, o.blockRange, report)
		if err != nil {
			return err
		}
		blocks = append(blocks, made...)
	}
	if err := h.unusable(); err != nil {
		return err
	}
	out := blocksOutput{Blocks: []blockOutput{}, Losses: report.Losses()}
	for _, b := range blocks {
		out.Blocks = append(out.Blocks, blockOutput{
			ULID: b.ULID.String(), Dir: b.Dir, Start: time.UnixMilli(b.MinTime).UTC(),
			End: time.UnixMilli(b.MaxTime - 1).UTC(), Series: b.Series, Samples: b.Samples, Bytes: b.Bytes,
		})
	}
	if o.output == outputJSON {
		if jsonErr := writeJSON(s.out, out); jsonErr != nil {
			return jsonErr
		}
	} else {
		printBlocks(s, out, o.dir)
	}
	return cmp.Or(h.sayProblems(), sayLosses(s, report, nil))
}

// exportBlocks writes the blocks of one host's archives into dir. What is damaged
// is exported as far as it can be read.
func exportBlocks(ctx context.Context, set *archive.Set, dir string, blockRange time.Duration, report *convert.Report) ([]tsdb.Block, error) {
	blocks, err := tsdb.NewBlocks(dir, tsdb.Options{BlockRange: blockRange, Report: report})
	if err != nil {
		return nil, err
	}
	sink := convert.NewFlattener(blocks, convert.FlattenOptions{TargetLabels: true, Report: report})
	if err := convert.Copy(ctx, sink, convert.FromArchive(set, archive.Query{})); err != nil {
		return nil, errors.Join(err, blocks.Discard())
	}
	if err := blocks.Close(); err != nil {
		return nil, err
	}
	return blocks.Written(), nil
}

func printBlocks(s streams, out blocksOutput, dir string) {
	if len(out.Blocks) == 0 {
		fmt.Fprintln(s.out, "no block: the archive has no numeric values")
		return
	}
	const layout = "2006-01-02 15:04:05 MST"
	for _, b := range out.Blocks {
		fmt.Fprintf(s.out, "%s  %s to %s  %d series  %s samples  %s\n", b.Dir,
			b.Start.Format(layout), b.End.Format(layout), b.Series, humanize.Comma(int64(b.Samples)), humanize.IBytes(uint64(b.Bytes)))
	}
	fmt.Fprintf(s.out, "open with: prometheus --storage.tsdb.path=%s --storage.tsdb.retention.time=100y\n", dir)
}

type exportPromOptions struct {
	at         string
	format     expo.Format
	timestamps bool
	lookback   time.Duration
	health     bool
	target     string
	output     string
}

func newExportPromCmd(s streams) *cobra.Command {
	var o exportPromOptions
	cmd := &cobra.Command{
		Use:   "prom ARCHIVE...",
		Short: "Print an exposition snapshot",
		Long: `Print the values that an archive holds at a time as a page in Prometheus' text
format or as OpenMetrics: for each series its last value up to then, unless it
ended before. What was recorded from one endpoint comes out as that endpoint
exposed it; of several endpoints, job and instance tell the series apart.

` + archivesHelp + `
They must be of one host.`,
		Example: `  pcparchive export prom rec
  pcparchive export prom rec --at end-30s --format openmetrics --timestamps`,
		Args: nargs(1, -1, "archives"),
		RunE: func(cmd *cobra.Command, args []string) error { return runExportProm(cmd.Context(), s, o, args) },
	}
	f := cmd.Flags()
	f.StringVar(&o.at, "at", "end", timeHelp)
	f.Var(&o.format, "format", "text or openmetrics")
	f.BoolVar(&o.timestamps, "timestamps", false, "print the time of each sample")
	f.DurationVar(&o.lookback, "lookback", 0, "leave out values older than this; 0: none")
	f.BoolVar(&o.health, "health", false, "include how the scrapes went: up and its siblings")
	f.StringVar(&o.target, "target-labels", "auto", "add job and instance: auto (if several endpoints were recorded), always or never")
	f.StringVarP(&o.output, "output-file", "o", "", "write to this file instead of standard output")
	completeFlag(cmd, "format", expo.Text.String(), expo.OpenMetrics.String())
	completeFlag(cmd, "target-labels", "auto", "always", "never")
	return cmd
}

func runExportProm(ctx context.Context, s streams, o exportPromOptions, paths []string) error {
	if o.lookback < 0 {
		return usageError{fmt.Errorf("--lookback %s is negative", o.lookback)}
	}
	h, set, err := openHost(s, paths)
	if err != nil {
		return err
	}
	at, err := parseTime(o.at, set)
	if err != nil {
		return err
	}
	target := o.target == "always"
	switch o.target {
	case "auto":
		target = sources(h) > 1
	case "always", "never":
	default:
		return usageError{fmt.Errorf("--target-labels %q: want auto, always or never", o.target)}
	}
	report := &convert.Report{}
	snapshot := expo.NewSnapshot(expo.SnapshotOptions{At: at.Time(), Lookback: o.lookback})
	sink := convert.NewFlattener(snapshot, convert.FlattenOptions{TargetLabels: target, NoHealth: !o.health, Report: report})
	err = convert.Copy(ctx, sink, convert.FromArchive(set, archive.Query{To: at}))
	if err := cmp.Or(err, h.unusable()); err != nil {
		return err
	}
	if err := writePage(s, o, snapshot.Families()); err != nil {
		return err
	}
	return cmp.Or(h.sayProblems(), sayLosses(s, report, nil))
}

// writePage writes to standard output or, complete or not at all, to a file.
func writePage(s streams, o exportPromOptions, families []expo.Family) error {
	opts := expo.Options{Format: o.format, Timestamps: o.timestamps}
	if o.output == "" || o.output == "-" {
		return expo.Write(s.out, families, opts)
	}
	f, err := os.CreateTemp(filepath.Dir(o.output), ".pcparchive-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	w := bufio.NewWriter(f)
	err = cmp.Or(expo.Write(w, families, opts), w.Flush(), f.Chmod(0o644), f.Close())
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), o.output)
}

// sources counts the endpoints that archives were recorded from.
func sources(h *hosts) int {
	found := map[string]bool{}
	for r := range h.readers() {
		for l := range r.Meta().AllLabels() {
			if l.Level != labelset.Cluster || pcp.PMID(l.Ident).Domain() != convert.OpenMetricsDomain {
				continue
			}
			set, _ := l.Find(pcp.InstNull)
			found[set.Text("source")] = true
		}
	}
	return len(found)
}
