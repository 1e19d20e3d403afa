package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/write"
	"github.com/pcparchive/pcparchive/summary"
)

func newExportCmd(s streams) *cobra.Command {
	return group("export", "Turn an archive into Prometheus data", newExportTSDBCmd(s), newExportPromCmd(s), newExportOpenMetricsCmd(s))
}

type exportTSDBOptions struct {
	blockTarget
	mapping mappingOptions
}

// blockTarget are the flags for writing blocks and for reporting them.
type blockTarget struct {
	dir        string
	blockRange time.Duration
	thanos     map[string]string // external labels of the blocks
	dataDir    string            // data folder of the server that gets the blocks
	output     outputFormat
	zone       *time.Location // time zone of the report; nil for UTC
}

func newExportTSDBCmd(s streams) *cobra.Command {
	var o exportTSDBOptions
	cmd := &cobra.Command{
		Use:   "tsdb ARCHIVE... -o DIR",
		Short: "Write Prometheus TSDB blocks",
		Long: `Write Prometheus TSDB blocks that a Prometheus server opens as they are, one for each
UTC day unless --block-duration says otherwise. A block appears when it is complete; an
interrupt leaves no incomplete block. You can run the command again, such as every night:
it does not write a block that exists already. It replaces a block of an earlier run by
one that has all its samples and more, such as the whole day, or a host that was late. It
keeps a block that has some of the samples and others besides, and reports it.

Metrics that came from Prometheus get their names, labels, job and instance back. Other
metrics are named with underscores for dots. They have the labels that a PCP client sees,
and the name of the instance as 'instname'.

` + archivesHelp + `

The command reads archives of several hosts side by side, into the same blocks. It keeps
the metadata of one archive for each host in memory.

` + mappingHelp + `

--thanos-label cluster=a adds an external label to meta.json. Thanos requires at least
one. Mimir drops or rejects external labels, and Prometheus ignores them; for both, add
labels to the series with --label. 'pcparchive check --target' shows what each system
rejects. --data-dir names the data folder of the server that gets the blocks; the command
reports blocks in it that overlap the new ones.`,
		Example: `  pcparchive export tsdb rec -o data/
  pcparchive export to tsdb rec -o data/
  pcparchive export tsdb /var/log/pcp/pmlogger/web1 -o data/
  pcparchive export tsdb /var/log/pcp/pmlogger -o blocks/ --thanos-label cluster=a
  pcparchive export tsdb 20260301 -o data/ --names prometheus --strings info --unwrap
  pcparchive export tsdb /backup/2025 -o data/ --step 5m --repeat-discrete 1m --label dc=east
  prometheus --config.file=/dev/null --storage.tsdb.path=data/ --storage.tsdb.retention.time=100y`,
		ValidArgsFunction: completeArchives,
		Args:              nargs(1, -1, "archives"),
		RunE:              func(cmd *cobra.Command, args []string) error { return runExportTSDB(cmd.Context(), s, o, args) },
	}
	cmd.Flags().StringVarP(&o.dir, "dir", "o", "", "folder for the blocks, such as a Prometheus data folder")
	o.blockTarget.add(cmd) //nolint:staticcheck // o has two parts with this method
	o.mapping.add(cmd)
	addOutputFlag(cmd, &o.output)
	return cmd
}

// add adds the flags for writing blocks to a command.
func (t *blockTarget) add(cmd *cobra.Command) {
	f := cmd.Flags()
	durationVar(f, &t.blockRange, "block-duration", write.DefaultBlockRange, "time that a block covers; blocks begin at its multiples since 1970 UTC")
	addPairsFlag(cmd, &t.thanos, "thanos-label", "external label of the blocks, for Thanos only, as in `cluster=a`; may be repeated")
	f.StringVar(&t.dataDir, "data-dir", "", "data folder of the server that will get the blocks; report blocks in it that overlap the new ones")
}

func runExportTSDB(ctx context.Context, s streams, o exportTSDBOptions, paths []string) error {
	if o.dir == "" {
		return usageError{fmt.Errorf("-o DIR is missing")}
	}
	if err := o.mapping.check(); err != nil {
		return err
	}
	return exportBlocks(ctx, s, paths, &o.mapping, o.blockTarget)
}

// exportBlocks writes the blocks of archives and prints them.
func exportBlocks(ctx context.Context, s streams, paths []string, m *mappingOptions, t blockTarget) error {
	h, err := openHosts(s, paths)
	if err != nil {
		return err
	}
	h.zones = m.zones
	t.zone = m.zones.or(time.UTC)
	if m.zones.given() {
		t.zone = h.Location()
	}
	report := &prom.Report{}
	from, to, err := m.times(h)
	if err != nil {
		return err
	}
	blocks, err := t.open(ctx, report)
	if err != nil {
		return err
	}
	err = m.copyHosts(ctx, h, from, to, blocks, m.flattenOptions(report))
	if err := cmp.Or(errors.Join(err, blocks.Close()), h.Unusable()); err != nil {
		return err
	}
	err = t.print(s, blocks, report)
	if m.ranged && len(blocks.Written())+len(blocks.Kept()) == 0 {
		h.explain(ctx, summary.Request{From: from, To: to})
	}
	return cmp.Or(err, h.reportProblems(), reportLosses(s, report))
}

// open begins the blocks.
func (t *blockTarget) open(ctx context.Context, report *prom.Report) (*write.Blocks, error) {
	if t.blockRange < time.Millisecond {
		return nil, usageError{fmt.Errorf("--block-duration %s is less than a millisecond", t.blockRange)}
	}
	if err := checkLabels("thanos-label", t.thanos, false); err != nil {
		return nil, err
	}
	return write.NewBlocks(t.dir, write.Options{BlockRange: t.blockRange, External: t.thanos, Report: report, Context: ctx})
}

// print prints the blocks that were written, and the commands to use them.
func (t *blockTarget) print(s streams, blocks *write.Blocks, report *prom.Report) error {
	out := newBlocksOutput(blocks, report)
	out.zone = cmp.Or(t.zone, out.zone)
	err := out.compare(t.dataDir)
	switch {
	case err != nil:
		return err
	case t.output == outputJSON:
		err = writeJSON(s.out, out)
	default:
		out.print(s.out, t.dir, t.dataDir)
	}
	return cmp.Or(err, out.reportKept(s))
}
