package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

func newLabelsCmd(s streams) *cobra.Command {
	return group("labels", "Show the labels of an archive", newLabelsDumpCmd(s))
}

type labelsOptions struct {
	merged bool
	metric string
	at     string
	output outputFormat
}

func newLabelsDumpCmd(s streams) *cobra.Command {
	var o labelsOptions
	cmd := &cobra.Command{
		Use:   "dump ARCHIVE",
		Short: "Print the label hierarchy",
		Long: `Print every label record of an archive: its level (context, domain, indom,
cluster, item, instances), what it belongs to, from when it holds, and its
labels. An optional label is not part of a metric's identity; a compound one has
a dotted name.

With --merged print per metric and instance the labels that a client sees.`,
		Example: `  pcparchive labels dump rec
  pcparchive labels dump rec --merged --metric openmetrics.localhost
  pcparchive labels dump rec --at end-5m --output json`,
		Args: nargs(1, 1, "one archive"),
		RunE: func(_ *cobra.Command, args []string) error { return runLabelsDump(s, o, args[0]) },
	}
	f := cmd.Flags()
	f.BoolVar(&o.merged, "merged", false, "print the merged labels of each metric and instance")
	f.StringVar(&o.metric, "metric", "", "only this metric, or the subtree of this name")
	f.StringVar(&o.at, "at", "", "as of this time: "+timeHelp)
	addOutputFlag(cmd, &o.output)
	return cmd
}

// labelRecord is a label record as labels dump prints it.
type labelRecord struct {
	Level string      `json:"level"`
	Ident string      `json:"identifier,omitempty"`
	Time  time.Time   `json:"time"`
	Sets  []labelsSet `json:"sets"`
}

// labelsSet is one set of a record.
type labelsSet struct {
	Instance *int32        `json:"instance,omitempty"`
	Name     string        `json:"name,omitempty"`
	Labels   []labelOutput `json:"labels"`
	Error    string        `json:"error,omitempty"`
}

type labelOutput struct {
	Name  string   `json:"name"`
	Value string   `json:"value"` // JSON text
	Flags []string `json:"flags,omitempty"`
	Level string   `json:"level,omitempty"`
}

// mergedLabels are the labels of one series.
type mergedLabels struct {
	Metric   string        `json:"metric"`
	Instance *int32        `json:"instance,omitempty"`
	Name     string        `json:"name,omitempty"`
	Labels   []labelOutput `json:"labels"`
}

func runLabelsDump(s streams, o labelsOptions, path string) error {
	r, err := archive.Open(path, nil)
	if err != nil {
		return err
	}
	at := pcp.MaxTime
	if o.at != "" {
		if at, err = parseTime(o.at, r); err != nil {
			return err
		}
	}
	if o.metric != "" && !anyMetric(r.Meta(), o.metric) {
		return fmt.Errorf("%s has no metric %s and no subtree of that name", r.Base(), o.metric)
	}
	if o.merged {
		merged, err := mergedOf(r, o.metric, at)
		if err != nil {
			return err
		}
		if o.output == outputJSON {
			return writeJSON(s.out, merged)
		}
		return printMerged(s.out, merged)
	}
	records := labelRecords(r, o, at)
	if o.output == outputJSON {
		return writeJSON(s.out, records)
	}
	return printLabelRecords(s.out, records, r.Location())
}

func anyMetric(store *meta.Store, name string) bool {
	for d := range store.Metrics() {
		if metricMatches(d, name) {
			return true
		}
	}
	return false
}

// metricMatches reports whether a metric is meant by name; "" means every one.
func metricMatches(d *meta.Desc, name string) bool {
	return name == "" || slices.ContainsFunc(d.Names, func(n string) bool { return meta.Matches(n, name) })
}

// labelRecords selects the label records: all, or those in force at a time.
func labelRecords(r *archive.Reader, o labelsOptions, at pcp.Timestamp) []labelRecord {
	store := r.Meta()
	wanted := wantedIdents(store, o.metric)
	out := []labelRecord{}
	for l := range store.AllLabels() {
		if wanted != nil && !wanted[labelSubject{l.Level, l.Ident}] {
			continue
		}
		if o.at != "" {
			if now, _ := store.LabelsAt(l.Level, l.Ident, at); now != l {
				continue
			}
		}
		out = append(out, describeRecord(store, l))
	}
	return out
}

type labelSubject struct {
	level labelset.Level
	ident uint32
}

// wantedIdents returns what labels can belong to that metrics of a name see,
// nil for all.
func wantedIdents(store *meta.Store, name string) map[labelSubject]bool {
	if name == "" {
		return nil
	}
	wanted := map[labelSubject]bool{}
	for d := range store.Metrics() {
		if metricMatches(d, name) {
			for _, level := range labelset.Levels {
				wanted[labelSubject{level, archive.LabelIdent(level, d)}] = true
			}
		}
	}
	return wanted
}

func describeRecord(store *meta.Store, l *meta.Labels) labelRecord {
	rec := labelRecord{Level: l.Level.String(), Ident: identText(l), Time: l.Stamp.Time(), Sets: []labelsSet{}}
	var in *meta.InDom
	if l.Level == labelset.Instances {
		in, _ = store.InDomAt(pcp.InDomID(l.Ident), l.Stamp)
	}
	for _, set := range l.Sets {
		out := labelsSet{Labels: outputLabels(set.Set, false)}
		if l.Level == labelset.Instances {
			id := int32(set.Inst)
			out.Instance = &id
			if in != nil {
				inst, _ := in.Lookup(set.Inst)
				out.Name = inst.Name
			}
		}
		if set.Err < 0 {
			out.Error = set.Err.Error()
		}
		if set.Invalid != nil {
			out.Error = set.Invalid.Error()
		}
		rec.Sets = append(rec.Sets, out)
	}
	return rec
}

// identText shows what a label record belongs to, in the notation of its level.
func identText(l *meta.Labels) string {
	switch l.Level {
	case labelset.Context:
		return ""
	case labelset.Domain:
		return fmt.Sprint(l.Ident)
	case labelset.InDom, labelset.Instances:
		return pcp.InDomID(l.Ident).String()
	case labelset.Cluster:
		id := pcp.PMID(l.Ident)
		return fmt.Sprintf("%d.%d", id.Domain(), id.Cluster())
	}
	return pcp.PMID(l.Ident).String()
}

func outputLabels(set labelset.Set, level bool) []labelOutput {
	out := []labelOutput{}
	for l := range set.All() {
		o := labelOutput{Name: l.Name, Value: l.Value}
		if l.Flags&labelset.Optional != 0 {
			o.Flags = append(o.Flags, "optional")
		}
		if l.Flags&labelset.Compound != 0 {
			o.Flags = append(o.Flags, "compound")
		}
		if level {
			o.Level = l.Level.String()
		}
		out = append(out, o)
	}
	return out
}

// mergedOf merges the labels of every metric and instance.
func mergedOf(r *archive.Reader, name string, at pcp.Timestamp) ([]mergedLabels, error) {
	out := []mergedLabels{}
	for d := range r.Meta().Metrics() {
		if !metricMatches(d, name) {
			continue
		}
		for _, s := range r.SeriesAt(d, at) {
			set, err := s.Merged()
			if err != nil {
				return nil, fmt.Errorf("%s: %w", d.Name(), err)
			}
			m := mergedLabels{Metric: d.Name(), Labels: outputLabels(set, true)}
			if s.Inst.ID != pcp.InstNull {
				id := int32(s.Inst.ID)
				m.Instance, m.Name = &id, s.Inst.Name
			}
			out = append(out, m)
		}
	}
	return out, nil
}
