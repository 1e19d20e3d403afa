package main

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"reflect"
	"slices"
	"strings"
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
		Use:   "dump ARCHIVE...",
		Short: "Print the label hierarchy",
		Long: `Print every label record of an archive: its level (context, domain, indom,
cluster, item, instances), what it belongs to, from when it holds, and its
labels. An optional label is not part of a metric's identity; a compound one has
a dotted name.

With --merged print per metric and instance the labels that a client sees.

` + archivesHelp + `
Each host has its own part. A record that says what an earlier archive has said is
left out, and --at means the last archive that had begun then.`,
		Example: `  pcparchive labels dump rec
  pcparchive labels dump rec --merged --metric openmetrics.localhost
  pcparchive labels dump rec --at end-5m --output json
  pcparchive labels dump /var/log/pcp/pmlogger/web1 --metric disk.dev`,
		Args: nargs(1, -1, "archives"),
		RunE: func(_ *cobra.Command, args []string) error { return runLabelsDump(s, o, args) },
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
	Host  string      `json:"host"`
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
	h.living = true
	if o.metric != "" && !h.anyMetric(o.metric) {
		return cmp.Or(h.unusable(), fmt.Errorf("%s has no metric %s and no subtree of that name", strings.Join(paths, ", "), o.metric))
	}
	records, merged := []labelRecord{}, []mergedLabels{}
	for _, set := range h.sets {
		at := pcp.MaxTime
		if o.at != "" {
			if at, err = parseTime(o.at, roughly{set}); err != nil {
				return err
			}
		}
		if o.merged {
			host, err := mergedOf(set, o.metric, at)
			if err != nil {
				return err
			}
			merged = append(merged, host...)
		} else {
			records = append(records, labelRecords(set, o, at)...)
		}
	}
	if err := h.unusable(); err != nil {
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
	return cmp.Or(err, h.sayProblems())
}

// anyMetric reports whether an archive has a metric of that name or below it.
func (h *hosts) anyMetric(name string) bool {
	for r := range h.readers() {
		if anyMetric(r.Meta(), name) {
			return true
		}
	}
	return false
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

// labelRecords selects the label records of a host: all that say something new,
// or those in force at a time.
func labelRecords(set *archive.Set, o labelsOptions, at pcp.Timestamp) []labelRecord {
	out := []labelRecord{}
	said := map[labelSubject][]labelsSet{} // by archives before
	for r := range begun(set, o.at != "", at) {
		store := r.Meta()
		now := map[labelSubject][]labelsSet{}
		wanted := wantedIdents(store, o.metric)
		for l := range store.AllLabels() {
			subject := labelSubject{l.Level, l.Ident}
			if wanted != nil && !wanted[subject] {
				continue
			}
			if o.at != "" {
				if now, _ := store.LabelsAt(l.Level, l.Ident, at); now != l {
					continue
				}
			}
			rec := describeRecord(store, l)
			rec.Host = set.Host()
			if before, ok := said[subject]; !ok || !reflect.DeepEqual(before, rec.Sets) {
				out = append(out, rec)
				delete(said, subject)
			}
			now[subject] = rec.Sets
		}
		maps.Copy(said, now)
	}
	return out
}

// begun yields the archives of a host or, if only is set, the last one that had
// begun at a time.
func begun(set *archive.Set, only bool, at pcp.Timestamp) iter.Seq[*archive.Reader] {
	return func(yield func(*archive.Reader) bool) {
		var last *archive.Reader
		for r := range set.Readers() {
			if only && last != nil && r.Header().Start.After(at) {
				break
			}
			if last = r; !only && !yield(r) {
				return
			}
		}
		if only && last != nil {
			yield(last)
		}
	}
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

// mergedOf merges the labels of every metric and instance at a time. What an
// archive no longer describes is not there.
func mergedOf(set *archive.Set, name string, at pcp.Timestamp) ([]mergedLabels, error) {
	out := []mergedLabels{}
	for r := range begun(set, true, at) {
		for d := range r.Meta().Metrics() {
			if !metricMatches(d, name) {
				continue
			}
			for _, s := range r.SeriesAt(d, at) {
				labels, err := s.Merged()
				if err != nil {
					return nil, fmt.Errorf("%s: %w", d.Name(), err)
				}
				m := mergedLabels{Host: set.Host(), Metric: d.Name(), Labels: outputLabels(labels, true)}
				if s.Inst.ID != pcp.InstNull {
					id := int32(s.Inst.ID)
					m.Instance, m.Name = &id, s.Inst.Name
				}
				out = append(out, m)
			}
		}
	}
	return out, nil
}
