package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

func newInfoCmd(s streams) *cobra.Command {
	var o infoOptions
	cmd := &cobra.Command{
		Use:   "info ARCHIVE",
		Short: "Say what is in an archive",
		Long: `Say what is in an archive: host, times, files, and how many metrics, instances,
records and label sets it has. ARCHIVE is its base name or any of its files.`,
		Example: `  pcparchive info rec
  pcparchive info rec --metrics
  pcparchive info rec --output json | jq .metrics`,
		Args: nargs(1, 1, "one archive"),
		RunE: func(_ *cobra.Command, args []string) error { return runInfo(s, o, args[0]) },
	}
	cmd.Flags().BoolVar(&o.metrics, "metrics", false, "list the metrics")
	addOutputFlag(cmd, &o.output)
	return cmd
}

type infoOptions struct {
	metrics bool
	output  outputFormat
}

// archiveInfo is what info prints; its JSON form is an interface.
type archiveInfo struct {
	Archive    string       `json:"archive"`
	Version    int          `json:"version"`
	Host       string       `json:"host"`
	Zone       string       `json:"timezone"`
	ZoneInfo   string       `json:"zoneinfo,omitempty"`
	Start      time.Time    `json:"start"`
	End        time.Time    `json:"end"`
	Duration   float64      `json:"duration_seconds"`
	PID        int32        `json:"pid"`
	Files      []fileInfo   `json:"files"`
	Bytes      int64        `json:"bytes"`
	Metrics    int          `json:"metrics"`
	InDoms     int          `json:"instance_domains"`
	Instances  int          `json:"instances"`
	Series     int          `json:"series"`
	Records    int          `json:"records"`
	Marks      int          `json:"marks"`
	Values     int64        `json:"values"`
	LabelSets  int          `json:"label_sets"`
	Texts      int          `json:"texts"`
	Index      int          `json:"index_entries"`
	Damage     string       `json:"damage,omitempty"`
	MetricList []metricInfo `json:"metric_list,omitempty"`
}

type fileInfo struct {
	Name  string `json:"name"`
	Bytes int64  `json:"bytes"`
}

// metricInfo is one line of --metrics.
type metricInfo struct {
	Name      string `json:"name"`
	PMID      string `json:"pmid"`
	Type      string `json:"type"`
	Semantics string `json:"semantics"`
	Units     string `json:"units"`
	InDom     string `json:"indom,omitempty"`
	OneLine   string `json:"oneline,omitempty"`
}

func runInfo(s streams, o infoOptions, path string) error {
	r, err := archive.Open(path, nil)
	if err != nil {
		return err
	}
	info, err := inspect(r)
	if err != nil {
		return err
	}
	if o.metrics {
		info.MetricList = metricList(r.Meta())
	}
	if o.output == outputJSON {
		return writeJSON(s.out, info)
	}
	if o.metrics {
		return printMetrics(s.out, info.MetricList)
	}
	return printInfo(s.out, info, r.Location())
}

// inspect collects everything but the list of metrics.
func inspect(r *archive.Reader) (*archiveInfo, error) {
	h, store := r.Header(), r.Meta()
	info := &archiveInfo{
		Archive: r.Base(), Version: int(h.Version), Host: h.Host, Zone: h.Zone, ZoneInfo: h.ZoneInfo,
		Start: h.Start.Time(), PID: h.PID, Index: len(r.Index()),
	}
	end, err := r.End()
	if err != nil {
		return nil, err
	}
	info.End, info.Duration = end.Time(), end.Sub(h.Start).Seconds()
	for _, m := range r.Members() {
		if stat, err := os.Stat(m.Path); err == nil {
			m.Size = stat.Size()
		}
		info.Files = append(info.Files, fileInfo{m.Path, m.Size})
		info.Bytes += m.Size
	}
	counts := store.Counts()
	info.LabelSets, info.Texts = counts[pcp.KindLabels], counts[pcp.KindText]
	for range store.Metrics() {
		info.Metrics++
	}
	for id := range store.InDoms() {
		info.InDoms++
		info.Instances += distinctInstances(store, id)
	}
	return info, info.countRecords(r)
}

// distinctInstances counts the instances a domain ever had.
func distinctInstances(store *meta.Store, id pcp.InDomID) int {
	seen := map[pcp.InstID]bool{}
	for in := range store.InDomVersions(id) {
		for _, e := range in.Instances {
			seen[e.ID] = true
		}
	}
	return len(seen)
}

// countRecords reads the data volumes, as far as they can be read. A file that
// ends inside a record is no more than noted: the archive may still be written.
func (info *archiveInfo) countRecords(r *archive.Reader) error {
	type key struct {
		metric pcp.PMID
		inst   pcp.InstID
	}
	series := map[key]struct{}{}
	for rec, err := range r.Records(archive.RoleData) {
		if err != nil && brokeOff(err) {
			info.Damage = err.Error()
			break
		}
		if err != nil {
			return err
		}
		info.Records++
		res, ok := rec.Record.(*archive.Result)
		if !ok {
			info.Marks++
			continue
		}
		for i := range res.Sets {
			for _, v := range res.Sets[i].Values {
				series[key{res.Sets[i].PMID, v.Inst}] = struct{}{}
			}
			info.Values += int64(len(res.Sets[i].Values))
		}
	}
	info.Series = len(series)
	return nil
}

func metricList(store *meta.Store) []metricInfo {
	var list []metricInfo
	for d := range store.Metrics() {
		m := metricInfo{
			Name: cmp.Or(d.Name(), "(no name)"), PMID: d.PMID.String(), Type: d.Type.String(),
			Semantics: d.Sem.String(), Units: cmp.Or(d.Units.String(), "none"), OneLine: store.OneLine(d.PMID),
		}
		if d.InDom != pcp.InDomNull {
			m.InDom = d.InDom.String()
		}
		list = append(list, m)
	}
	return list
}

func printMetrics(w io.Writer, list []metricInfo) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "METRIC\tTYPE\tSEMANTICS\tUNITS\tHELP")
	for _, m := range list {
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\n", m.Name, m.Type, m.Semantics, m.Units, m.OneLine)
	}
	return tw.Flush()
}

func printInfo(w io.Writer, info *archiveInfo, zone *time.Location) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line := func(name, format string, args ...any) { fmt.Fprintf(tw, name+"\t"+format+"\n", args...) }
	line("archive", "%s (version %d)", info.Archive, info.Version)
	line("host", "%s", info.Host)
	line("time zone", "%s", strings.TrimSpace(info.Zone+" "+info.ZoneInfo))
	line("start", "%s", formatTime(pcp.TimestampOf(info.Start), zone))
	line("end", "%s", formatTime(pcp.TimestampOf(info.End), zone))
	line("duration", "%s", time.Duration(info.Duration*float64(time.Second)).Round(time.Millisecond))
	for _, f := range info.Files {
		line("file", "%s  %s", f.Name, humanize.IBytes(uint64(f.Bytes)))
	}
	line("size", "%s", humanize.IBytes(uint64(info.Bytes)))
	line("metrics", "%d", info.Metrics)
	line("instances", "%d in %s", info.Instances, plural(info.InDoms, "domain"))
	line("series", "%d", info.Series)
	line("records", "%d, %d of them marks, with %s values", info.Records, info.Marks, humanize.Comma(info.Values))
	line("label sets", "%d", info.LabelSets)
	line("help texts", "%d", info.Texts)
	line("index", "%d entries", info.Index)
	if info.Damage != "" {
		line("read until", "%s", info.Damage)
	}
	return tw.Flush()
}
