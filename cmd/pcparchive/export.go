package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb"
	"github.com/pcparchive/pcparchive/store"
	"github.com/pcparchive/pcparchive/summary"
)

func newExportCmd(s streams) *cobra.Command {
	return group("export", "Turn an archive into Prometheus data", newExportTSDBCmd(s), newExportPromCmd(s), newExportOpenMetricsCmd(s))
}

type exportTSDBOptions struct {
	dir        string
	blockRange time.Duration
	thanos     map[string]string
	dataDir    string
	mapping    mappingOptions
	output     outputFormat
	zone       *time.Location // of -z, once it is known
}

func newExportTSDBCmd(s streams) *cobra.Command {
	var o exportTSDBOptions
	cmd := &cobra.Command{
		Use:   "tsdb ARCHIVE... -o DIR",
		Short: "Write Prometheus TSDB blocks",
		Long: `Write Prometheus TSDB blocks that a Prometheus server opens as they are, one
per UTC day unless --block-duration says otherwise. A block appears when it is
complete; an interrupt leaves no half one. Run it again, say every night, and
only what is new is written: a block that is there already is not written again,
and one of an earlier run gives way to one that has all of it and more, such as the
whole day, or a host that was late. A block that has some of the samples and others
besides is left as it is and named.

Metrics that came from Prometheus get back their names, labels, job and
instance. Other metrics are named with underscores for dots and carry the labels
that a PCP client sees, with the instance's name as 'instname'.

` + archivesHelp + `
Those of several hosts are read side by side and share the blocks; in memory is
the metadata of one archive for each host.

` + mappingHelp + `

--thanos-label cluster=a is an external label in meta.json. Thanos demands one at
least; Mimir drops or refuses them, and Prometheus ignores them: for these, --label
puts labels on the series. 'pcparchive check --target' says what each refuses.
--data-dir names the folder of the server that the blocks are for: what overlaps
there is said.`,
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
	o.addOwn(cmd)
	o.mapping.add(cmd)
	addOutputFlag(cmd, &o.output)
	return cmd
}

// addOwn adds the flags that say what blocks are written.
func (o *exportTSDBOptions) addOwn(cmd *cobra.Command) {
	f := cmd.Flags()
	durationVar(f, &o.blockRange, "block-duration", tsdb.DefaultBlockRange, "time that a block covers, aligned to multiples since 1970 UTC")
	addPairsFlag(cmd, &o.thanos, "thanos-label", "external label of the blocks, for Thanos only, as in `cluster=a`; may be repeated")
	f.StringVar(&o.dataDir, "data-dir", "", "data folder of a server, to be compared with")
}

func runExportTSDB(ctx context.Context, s streams, o exportTSDBOptions, paths []string) error {
	if o.dir == "" {
		return usageError{fmt.Errorf("-o DIR is missing")}
	}
	if err := o.mapping.check(); err != nil {
		return err
	}
	h, err := openHosts(s, paths)
	if err != nil {
		return err
	}
	if h.zones = o.mapping.zones; h.zones.given() {
		o.zone = h.Location()
	}
	report := &prom.Report{}
	blocks, err := o.write(ctx, h, report)
	if err := cmp.Or(err, h.Unusable()); err != nil {
		return err
	}
	err = o.tell(s, blocks, report)
	if o.mapping.ranged && len(blocks.Written())+len(blocks.Kept()) == 0 {
		if from, to, err := o.mapping.times(h); err == nil {
			h.explain(ctx, summary.Request{From: from, To: to})
		}
	}
	return cmp.Or(err, h.reportProblems(), sayLosses(s, report))
}

// open begins the blocks.
func (o *exportTSDBOptions) open(report *prom.Report) (*tsdb.Blocks, error) {
	if o.blockRange < time.Millisecond {
		return nil, usageError{fmt.Errorf("--block-duration %s is less than a millisecond", o.blockRange)}
	}
	if err := checkLabels("thanos-label", o.thanos, false); err != nil {
		return nil, err
	}
	return tsdb.NewBlocks(o.dir, tsdb.Options{BlockRange: o.blockRange, External: o.thanos, Report: report})
}

// tell prints what was written and what is to be done next.
func (o *exportTSDBOptions) tell(s streams, blocks *tsdb.Blocks, report *prom.Report) error {
	out := newBlocksOutput(blocks, report)
	out.zone = cmp.Or(o.zone, o.mapping.zones.or(out.zone))
	err := out.compare(o.dataDir)
	switch {
	case err != nil:
		return err
	case o.output == outputJSON:
		err = writeJSON(s.out, out)
	default:
		out.print(s.out, o.dir, o.dataDir)
	}
	return cmp.Or(err, out.sayKept(s))
}

// write writes the blocks. What is damaged is exported as far as it can be read.
func (o *exportTSDBOptions) write(ctx context.Context, h *hosts, report *prom.Report) (*tsdb.Blocks, error) {
	from, to, err := o.mapping.times(h)
	if err != nil {
		return nil, err
	}
	blocks, err := o.open(report)
	if err != nil {
		return nil, err
	}
	err = o.mapping.copyHosts(ctx, h, from, to, blocks, o.mapping.flattenOptions(report))
	if err = errors.Join(err, blocks.Close()); err != nil {
		return nil, err
	}
	return blocks, nil
}

// exportBlocks writes the blocks of one host's archives into dir.
func exportBlocks(ctx context.Context, set *store.Set, dir string, blockRange time.Duration, report *prom.Report) ([]tsdb.Block, error) {
	o := exportTSDBOptions{dir: dir, blockRange: blockRange}
	blocks, err := o.write(ctx, &hosts{Hosts: store.NewHosts(set)}, report)
	if err != nil {
		return nil, err
	}
	return blocks.Written(), nil
}
