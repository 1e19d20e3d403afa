package store

import (
	"cmp"
	"errors"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/halt"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// HostInfo describes the archives of a host. Its JSON form is an interface.
type HostInfo struct {
	Host     string         `json:"host"`
	Start    time.Time      `json:"start"`
	End      time.Time      `json:"end"`
	Duration float64        `json:"duration_seconds"`
	Bytes    int64          `json:"bytes"`
	Archives []*ArchiveInfo `json:"archives"`
}

// ArchiveInfo describes an archive. Its JSON form is an interface.
type ArchiveInfo struct {
	Archive string `json:"archive"`
	Version int    `json:"version"`
	Host    string `json:"host"`
	// Names are the values of the label hostname that are not the host.
	Names         []string   `json:"hostnames,omitempty"`
	Zone          string     `json:"timezone"`
	ZoneInfo      string     `json:"zoneinfo,omitempty"`
	Start         time.Time  `json:"start"`
	End           time.Time  `json:"end"`
	Duration      float64    `json:"duration_seconds"`
	PID           int32      `json:"pid"`
	Files         []FileInfo `json:"files"`
	Bytes         int64      `json:"bytes"`
	Metrics       int        `json:"metrics"`
	InDoms        int        `json:"instance_domains"`
	Instances     int        `json:"instances"`
	*RecordCounts            // nil if the records were not counted
	LabelSets     int        `json:"label_sets"`
	Texts         int        `json:"texts"`
	Index         int        `json:"index_entries"`
	// Damage are the errors that counting the records met.
	Damage     []string     `json:"damage,omitempty"`
	MetricList []MetricInfo `json:"metric_list,omitempty"`
}

// RecordCounts are counts of the data volumes of an archive.
type RecordCounts struct {
	Series  int   `json:"series"`
	Records int   `json:"records"`
	Marks   int   `json:"marks"`
	Values  int64 `json:"values"`
}

// FileInfo is a file of an archive.
type FileInfo struct {
	Name  string `json:"name"`
	Bytes int64  `json:"bytes"`
}

// MetricInfo describes a metric under one of its names.
type MetricInfo struct {
	Name      string `json:"name"`
	PMID      string `json:"pmid"`
	Type      string `json:"type"`
	Semantics string `json:"semantics"`
	Units     string `json:"units"`
	InDom     string `json:"indom,omitempty"`
	OneLine   string `json:"oneline,omitempty"`
}

// InspectOptions select the parts of an [ArchiveInfo] that cost time or space.
type InspectOptions struct {
	// Count reads all data volumes to count records, values and series.
	Count bool
	// CountUpTo has the same effect for archives whose data volumes are not compressed
	// and have at most this size in bytes.
	CountUpTo int64
	// Metrics lists the metrics.
	Metrics bool
}

// Inspect describes the archives of a host. Archives that cannot be opened are left
// out; Problems lists them.
func (s *Set) Inspect(o InspectOptions) (*HostInfo, error) {
	host := &HostInfo{Host: s.Host(), Start: s.Header().Start.Time()}
	for r := range s.Readers() {
		info, err := inspect(r, o, s.stop)
		if err != nil {
			return nil, err
		}
		host.Archives = append(host.Archives, info)
		host.Bytes += info.Bytes
		if info.End.After(host.End) {
			host.End = info.End
		}
	}
	host.Duration = host.End.Sub(host.Start).Seconds()
	return host, s.Stopped()
}

// Inspect describes an archive.
func Inspect(r *archive.Reader, o InspectOptions) (*ArchiveInfo, error) { return inspect(r, o, nil) }

// inspect describes an archive unless the error of stop ends that.
func inspect(r *archive.Reader, o InspectOptions, stop func() error) (*ArchiveInfo, error) {
	h := r.Header()
	info := &ArchiveInfo{
		Archive: r.Base(), Version: int(h.Version), Host: h.Host, Zone: h.Zone, ZoneInfo: h.ZoneInfo,
		Start: h.Start.Time(), PID: h.PID, Index: len(r.Index()),
	}
	end, _, err := r.FindEnd(false, stop)
	if err != nil {
		return nil, err
	}
	info.endAt(end, h.Start)
	dataSize, compressed := info.addFiles(r)
	info.addMeta(r.Meta())
	if o.Metrics {
		info.MetricList = listMetrics(r.Meta())
	}
	if o.Count || !compressed && dataSize <= o.CountUpTo {
		return info, info.countRecords(r, stop)
	}
	return info, nil
}

func (info *ArchiveInfo) endAt(end, start pcp.Timestamp) {
	info.End, info.Duration = end.Time(), end.Sub(start).Seconds()
}

// addFiles adds the files, and returns the size of the data volumes and whether
// one of them is compressed.
func (info *ArchiveInfo) addFiles(r *archive.Reader) (dataSize int64, compressed bool) {
	for _, m := range r.Members() {
		if stat, err := os.Stat(m.Path); err == nil {
			m.Size = stat.Size()
		}
		if m.Role == archive.RoleData {
			dataSize += m.Size
			compressed = compressed || m.Compress != ""
		}
		info.Files = append(info.Files, FileInfo{m.Path, m.Size})
		info.Bytes += m.Size
	}
	return dataSize, compressed
}

// addMeta counts the metadata.
func (info *ArchiveInfo) addMeta(store *meta.Store) {
	info.Names = slices.DeleteFunc(store.Hostnames(), func(name string) bool { return name == info.Host })
	counts := store.Counts()
	info.LabelSets, info.Texts = counts[pcp.KindLabels], counts[pcp.KindText]
	for range store.Metrics() {
		info.Metrics++
	}
	for id := range store.InDoms() {
		info.InDoms++
		seen := map[pcp.InstID]bool{}
		for in := range store.InDomVersions(id) {
			for _, e := range in.Instances {
				seen[e.ID] = true
			}
		}
		info.Instances += len(seen)
	}
}

// countRecords reads the data volumes. Damage is noted and skipped. The error of stop ends that.
func (info *ArchiveInfo) countRecords(r *archive.Reader, stop func() error) error {
	type key struct {
		metric pcp.PMID
		inst   pcp.InstID
	}
	series := map[key]struct{}{}
	var last pcp.Timestamp
	info.RecordCounts = &RecordCounts{}
	for rec, err := range r.Records(archive.RoleData) {
		if err := halt.Asked(stop); err != nil {
			return err
		}
		if errors.As(err, new(*pcp.FormatError)) {
			info.Damage = append(info.Damage, err.Error())
			continue
		}
		if err != nil {
			return err
		}
		info.Records++
		switch rec := rec.Record.(type) {
		case *archive.Result:
			last = rec.Stamp
			for i := range rec.Sets {
				for _, v := range rec.Sets[i].Values {
					series[key{rec.Sets[i].PMID, v.Inst}] = struct{}{}
				}
				info.Values += int64(len(rec.Sets[i].Values))
			}
		case *archive.Mark:
			last = rec.Stamp
			info.Marks++
		}
	}
	info.Series = len(series)
	if last.Time().After(info.End) {
		info.endAt(last, r.Header().Start)
	}
	return nil
}

// listMetrics describes the metrics by name. A metric with several names has an
// entry for each.
func listMetrics(store *meta.Store) []MetricInfo {
	var list []MetricInfo
	for d := range store.Metrics() {
		m := MetricInfo{
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
	slices.SortStableFunc(list, func(a, b MetricInfo) int { return strings.Compare(a.Name, b.Name) })
	return list
}
