package main

import (
	"cmp"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

func newLabelsCmd(s streams) *cobra.Command {
	return group("labels", "Show the labels of archives", newLabelsDumpCmd(s))
}

type labelsOptions struct {
	merged bool
	metric string
	at     string
	zones  zoneFlags
	output outputFormat
}

func newLabelsDumpCmd(s streams) *cobra.Command {
	var o labelsOptions
	cmd := &cobra.Command{
		Use:         "dump ARCHIVE...",
		Annotations: onlyReads,
		Short:       "Print the label hierarchy",
		Long: `Print every label record of an archive: its level (context, domain, indom, cluster,
item or instances), the identifier it applies to, the time from which it applies,
and its labels. An optional label is not part of a metric's identity. A compound
label has a dotted name.

With --merged, print the labels that a client sees for each metric and instance.

` + archivesHelp + `

The output has a part for each host. It leaves out records that repeat those of an
earlier archive. --at reads the last archive that had begun by that time.`,
		Example: `  pcparchive labels dump rec
  pcparchive labels dump rec --merged --metric openmetrics.localhost
  pcparchive labels dump rec --at end-5m --output json
  pcparchive labels dump /var/log/pcp/pmlogger/web1 --metric disk.dev`,
		ValidArgsFunction: completeArchives,
		Args:              nargs(1, -1, "archives"),
		RunE:              func(_ *cobra.Command, args []string) error { return runLabelsDump(s, o, args) },
	}
	f := cmd.Flags()
	f.BoolVar(&o.merged, "merged", false, "print the merged labels of each metric and instance")
	f.StringVar(&o.metric, "metric", "", "only this metric, or the metrics in the subtree of this name")
	f.StringVar(&o.at, "at", "", "as of this time: "+timeHelp)
	addZoneFlags(cmd, &o.zones, usualHost)
	addOutputFlag(cmd, &o.output)
	return cmd
}

// labelRecord is a label record as labels dump prints it.
type labelRecord struct {
	Host  string      `json:"host"`
	Level string      `json:"level"`
	Ident string      `json:"identifier,omitempty"`
	Time  time.Time   `json:"time"`
	Sets  []labelsSet `json:"sets"`
}

// labelsSet is a label set of a record, with the instance that it belongs to.
type labelsSet struct {
	Instance *int32        `json:"instance,omitempty"`
	Name     string        `json:"name,omitempty"`
	Labels   []labelOutput `json:"labels"`
	Error    string        `json:"error,omitempty"`
}

// labelOutput is a label. Level is set only in merged labels.
type labelOutput struct {
	Name  string    `json:"name"`
	Value jsonValue `json:"value"`
	Flags []string  `json:"flags,omitempty"`
	Level string    `json:"level,omitempty"`
}

// mergedLabels are the labels of a series as labels dump --merged prints them.
type mergedLabels struct {
	Host     string        `json:"host"`
	Metric   string        `json:"metric"`
	Instance *int32        `json:"instance,omitempty"`
	Name     string        `json:"name,omitempty"`
	Labels   []labelOutput `json:"labels"`
}

func runLabelsDump(s streams, o labelsOptions, paths []string) error {
	h, err := openHosts(s, paths)
	if err != nil {
		return err
	}
	h.ignoreTail, h.zones = true, o.zones
	if o.metric != "" && !h.HasMetric(o.metric) {
		return cmp.Or(h.Unusable(), fmt.Errorf("%s has no metric %s and no subtree of that name%s", strings.Join(paths, ", "), o.metric, h.didYouMean(o.metric)))
	}
	records, merged := []labelRecord{}, []mergedLabels{}
	for _, set := range h.Sets() {
		at := pcp.MaxTime
		if o.at != "" {
			if at, err = parseTime(o.at, o.zones.over(roughTimeline{set})); err != nil {
				return err
			}
		}
		if !o.merged {
			for rec := range o.records(set, at) {
				records = append(records, labelRecordOf(set.Host(), rec))
			}
			continue
		}
		for series, err := range set.MergedLabels(o.metric, at) {
			if err != nil {
				return err
			}
			merged = append(merged, mergedLabelsOf(set.Host(), series))
		}
	}
	if err := h.Unusable(); err != nil {
		return err
	}
	switch {
	case o.merged && o.output == outputJSON:
		err = writeJSON(s.out, merged)
	case o.merged:
		err = h.printMerged(merged)
	case o.output == outputJSON:
		err = writeJSON(s.out, records)
	default:
		err = h.printLabelRecords(records)
	}
	return cmp.Or(err, h.reportProblems())
}

// records returns the label records of a host that are asked for.
func (o labelsOptions) records(set *store.Set, at pcp.Timestamp) iter.Seq[store.LabelRecord] {
	if o.at != "" {
		return set.LabelRecordsAt(o.metric, at)
	}
	return set.LabelRecords(o.metric)
}
