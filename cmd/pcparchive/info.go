package main

import (
	"slices"

	"github.com/spf13/cobra"

	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

func newInfoCmd(s streams) *cobra.Command {
	var o infoOptions
	cmd := &cobra.Command{
		Use:         "info ARCHIVE...",
		Annotations: onlyReads,
		Short:       "Describe archives",
		Long: `Describe an archive: host, times, files, and numbers of metrics, instances and label
sets. Counting records, values and series reads the data volumes. Without --count,
info counts them only in small archives that are not compressed.

` + archivesHelp + `

The output has a part for each host.`,
		Example: `  pcparchive info rec
  pcparchive info /var/log/pcp/pmlogger/web1
  pcparchive info rec --metrics
  pcparchive info rec --count --output json | jq '.hosts[].archives[].values'`,
		ValidArgsFunction: completeArchives,
		Args:              nargs(1, -1, "archives"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.auto = !cmd.Flags().Changed("count")
			return runInfo(s, o, args)
		},
	}
	cmd.Flags().BoolVar(&o.metrics, "metrics", false, "list the metrics")
	cmd.Flags().BoolVar(&o.count, "count", false, "count records, values and series, however long it takes; =false: never count")
	addZoneFlags(cmd, &o.zones, usualHost)
	addOutputFlag(cmd, &o.output)
	return cmd
}

type infoOptions struct {
	metrics bool
	count   bool
	auto    bool // count records only if that is quick
	zones   zoneFlags
	output  outputFormat
}

// autoCount is the largest size in bytes of data volumes whose records info counts
// without --count.
const autoCount = 4 << 20

func runInfo(s streams, o infoOptions, paths []string) error {
	h, err := openHosts(s, paths)
	if err != nil {
		return err
	}
	h.ignoreTail, h.zones = true, o.zones
	opts := store.InspectOptions{Metrics: o.metrics, Count: o.count}
	if o.auto {
		opts.CountUpTo = autoCount
	}
	var all []hostInfo
	clashes := h.clashes(pcp.Timestamp{}, pcp.MaxTime)
	for _, set := range h.Sets() {
		host, err := set.Inspect(opts)
		if err != nil {
			return err
		}
		for _, info := range host.Archives {
			info.Names = slices.DeleteFunc(info.Names, clashes.Claimed)
		}
		if len(host.Archives) > 0 {
			all = append(all, hostInfo{host, h.zoneOf(set)})
		}
	}
	if err := h.Unusable(); err != nil {
		return err
	}
	if err := o.print(s.out, all, h.single); err != nil {
		return err
	}
	return h.reportProblems()
}
