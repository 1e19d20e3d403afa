package main

import (
	"cmp"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

func newInfoCmd(s streams) *cobra.Command {
	var o infoOptions
	cmd := &cobra.Command{
		Use:         "info ARCHIVE...",
		Annotations: onlyReads,
		Short:       "Say what is in archives",
		Long: `Say what is in an archive: host, times, files, and how many metrics, instances
and label sets it has. Records, values and series are counted by reading the
data volumes; unless --count is given that is done only if they are small and
not compressed.

` + archivesHelp + `
Of several archives each host has its own part.`,
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
	cmd.Flags().BoolVar(&o.count, "count", false, "count records, values and series, however long it takes; =false: do not")
	addZoneFlags(cmd, &o.zones, usualHost)
	addOutputFlag(cmd, &o.output)
	return cmd
}

type infoOptions struct {
	metrics bool
	count   bool
	auto    bool // count if it is quick
	zones   zoneFlags
	output  outputFormat
}

// autoCount is how many bytes of data volumes are read unasked to count what is
// in them.
const autoCount = 4 << 20

// archiveInfo is what info prints; its JSON form is an interface.
type archiveInfo struct {
	Archive   string     `json:"archive"`
	Version   int        `json:"version"`
	Host      string     `json:"host"`
	Names     []string   `json:"hostnames,omitempty"` // of its series, where they have others
	Zone      string     `json:"timezone"`
	ZoneInfo  string     `json:"zoneinfo,omitempty"`
	Start     time.Time  `json:"start"`
	End       time.Time  `json:"end"`
	Duration  float64    `json:"duration_seconds"`
	PID       int32      `json:"pid"`
	Files     []fileInfo `json:"files"`
	Bytes     int64      `json:"bytes"`
	Metrics   int        `json:"metrics"`
	InDoms    int        `json:"instance_domains"`
	Instances int        `json:"instances"`
	*recordCounts
	LabelSets  int          `json:"label_sets"`
	Texts      int          `json:"texts"`
	Index      int          `json:"index_entries"`
	Damage     []string     `json:"damage,omitempty"`
	MetricList []metricInfo `json:"metric_list,omitempty"`
	last       pcp.Timestamp
}

// recordCounts is what reading the data volumes tells.
type recordCounts struct {
	Series  int   `json:"series"`
	Records int   `json:"records"`
	Marks   int   `json:"marks"`
	Values  int64 `json:"values"`
}

// hostInfo is a timeline of archives.
type hostInfo struct {
	Host     string         `json:"host"`
	Start    time.Time      `json:"start"`
	End      time.Time      `json:"end"`
	Duration float64        `json:"duration_seconds"`
	Bytes    int64          `json:"bytes"`
	Archives []*archiveInfo `json:"archives"`
	zone     *time.Location
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

func runInfo(s streams, o infoOptions, paths []string) error {
	h, err := openHosts(s, paths)
	if err != nil {
		return err
	}
	h.ignoreTail, h.zones = true, o.zones
	var all []hostInfo
	clashes := h.clashes(pcp.Timestamp{}, pcp.MaxTime)
	for _, set := range h.Sets() {
		host, err := o.inspectHost(set, h.zoneOf(set))
		if err != nil {
			return err
		}
		for _, info := range host.Archives {
			info.Names = slices.DeleteFunc(info.Names, clashes.Claimed)
		}
		if len(host.Archives) > 0 {
			all = append(all, host)
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

// inspectHost collects what is known of a timeline.
func (o infoOptions) inspectHost(set *store.Set, zone *time.Location) (hostInfo, error) {
	host := hostInfo{Host: set.Host(), Start: set.Header().Start.Time(), zone: zone}
	for r := range set.Readers() {
		info, err := o.inspect(r)
		if err != nil {
			return host, err
		}
		host.Archives = append(host.Archives, info)
		host.Bytes += info.Bytes
		if info.End.After(host.End) {
			host.End = info.End
		}
	}
	host.Duration = host.End.Sub(host.Start).Seconds()
	return host, nil
}

// inspect collects what is known of an archive.
func (o infoOptions) inspect(r *archive.Reader) (*archiveInfo, error) {
	h, store := r.Header(), r.Meta()
	info := &archiveInfo{
		Archive: r.Base(), Version: int(h.Version), Host: h.Host, Zone: h.Zone, ZoneInfo: h.ZoneInfo,
		Start: h.Start.Time(), PID: h.PID, Index: len(r.Index()),
	}
	end, err := r.Ending()
	if err != nil {
		return nil, err
	}
	info.End, info.Duration = end.Time(), end.Sub(h.Start).Seconds()
	data, packed := int64(0), false
	for _, m := range r.Members() {
		if stat, err := os.Stat(m.Path); err == nil {
			m.Size = stat.Size()
		}
		if m.Role == archive.RoleData {
			data += m.Size
			packed = packed || m.Compress != ""
		}
		info.Files = append(info.Files, fileInfo{m.Path, m.Size})
		info.Bytes += m.Size
	}
	info.Names = slices.DeleteFunc(flatten.NamesOfHost(store), func(name string) bool { return name == h.Host })
	counts := store.Counts()
	info.LabelSets, info.Texts = counts[pcp.KindLabels], counts[pcp.KindText]
	for range store.Metrics() {
		info.Metrics++
	}
	for id := range store.InDoms() {
		info.InDoms++
		info.Instances += distinctInstances(store, id)
	}
	if o.metrics {
		info.MetricList = metricList(store)
	}
	if o.count || o.auto && !packed && data <= autoCount {
		return info, info.countRecords(r)
	}
	return info, nil
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

// countRecords reads what can be read of the data volumes. A file that ends inside
// a record is no more than noted: the archive may still be written.
func (info *archiveInfo) countRecords(r *archive.Reader) error {
	type key struct {
		metric pcp.PMID
		inst   pcp.InstID
	}
	series := map[key]struct{}{}
	info.recordCounts = &recordCounts{}
	for rec, err := range r.Records(archive.RoleData) {
		if err != nil && brokeOff(err) {
			info.Damage = append(info.Damage, err.Error())
			continue
		}
		if err != nil {
			return err
		}
		info.Records++
		info.seen(rec.Record)
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
	if info.last.Time().After(info.End) {
		info.End, info.Duration = info.last.Time(), info.last.Sub(r.Header().Start).Seconds()
	}
	return nil
}

// seen notes the time of a record: the archive ends at its last one.
func (info *archiveInfo) seen(rec archive.Record) {
	switch r := rec.(type) {
	case *archive.Result:
		info.last = r.Stamp
	case *archive.Mark:
		info.last = r.Stamp
	}
}

// metricList describes the metrics by name, those that have several under each.
func metricList(store *meta.Store) []metricInfo {
	var list []metricInfo
	for d := range store.Metrics() {
		m := metricInfo{
			PMID: d.PMID.String(), Type: d.Type.String(),
			Semantics: d.Sem.String(), Units: cmp.Or(d.Units.String(), "none"), OneLine: store.OneLine(d.PMID),
		}
		if d.InDom != pcp.InDomNull {
			m.InDom = d.InDom.String()
		}
		for _, name := range d.NamesBelow("") {
			m.Name = cmp.Or(name, "(no name)")
			list = append(list, m)
		}
	}
	slices.SortStableFunc(list, func(a, b metricInfo) int { return strings.Compare(a.Name, b.Name) })
	return list
}
