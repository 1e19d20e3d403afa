package main

import (
	"cmp"
	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/convert/prom"
	"slices"
	"strings"
)

// sampleGroups tell which series go to which archive, and what that is called.
type sampleGroups struct {
	opts   *sampleOptions
	groups map[string]*sampleGroup // by key
	names  map[string]bool         // of archives in the folder
	folder bool                    // archives go to a folder, under names of their own
	// hostOf is the host that a label hostname stands for; nil: itself.
	hostOf func(hostname string) string
	// ofEndpoint reports whether the label hostname of a series may be another
	// host's than the archive's; nil: it never is.
	ofEndpoint func(s *prom.Series) bool
}

// sampleGroup is what goes to one archive.
type sampleGroup struct {
	key    string            // "" of what lacks the label that splits
	labels map[string]string // of all its series, "" where they differ
	// endpoints has the label hostname of series for which it may be another host's.
	endpoints map[string]string
	name      string         // of the archive in the folder
	dst       *sampleArchive // nil before its first sample
}

const (
	splitNone    = "none"    // the value of --split-by that makes one archive
	archiveOther = "other"   // the name of what lacks the label that splits
	unknownHost  = "unknown" // the host of that, if it names none
)

func newSampleGroups(o *sampleOptions) sampleGroups {
	return sampleGroups{opts: o, groups: map[string]*sampleGroup{}, names: map[string]bool{}}
}

// split returns the label that splits, "" if none does.
func (o *sampleOptions) split() string {
	if o.splitBy == splitNone {
		return ""
	}
	return o.splitBy
}

// key returns which group a series is of.
func (w *sampleGroups) key(s *prom.Series) string {
	split := w.opts.split()
	if split == "" {
		return ""
	}
	if split == "instance" && len(w.opts.relabel.rules) == 0 {
		if host := recordedOn(s); host != "" {
			return host
		}
	}
	value := samplesHost(split, seriesLabel(s, split))
	if value == "" && split == "instance" {
		split, value = "hostname", seriesLabel(s, "hostname")
	}
	if split == "hostname" && w.hostOf != nil {
		value = w.hostOf(value)
	}
	return value
}

// admit puts a series into its group and notes what it tells of the host.
func (w *sampleGroups) admit(s *prom.Series) {
	g := w.group(w.key(s))
	endpoint := w.ofEndpoint != nil && w.ofEndpoint(s)
	for _, l := range s.Labels {
		labels := g.labels
		if endpoint && l.Name == "hostname" {
			labels = g.endpoints
		}
		value := samplesHost(l.Name, l.Value)
		if known, ok := labels[l.Name]; ok && known != value {
			value = ""
		}
		labels[l.Name] = value
	}
}

// recordedOn returns the host on which a PCP metric was recorded, as far as its
// series says so. A label instance is then of the metric and names no host, but with the health
// of endpoints.
func recordedOn(s *prom.Series) string {
	if s.PCPMetric == nil || naming.IsHealth(s.PCPMetric.Desc.PMID) {
		return ""
	}
	return s.PCPMetric.Labels[0].Text("hostname")
}

// originOfEndpoint is an ofEndpoint for series that say which PCP metrics they are.
func originOfEndpoint(s *prom.Series) bool {
	return s.PCPMetric != nil && s.PCPMetric.Desc.PMID.Domain() == naming.OpenMetricsDomain
}

// group finds or adds a group.
func (w *sampleGroups) group(key string) *sampleGroup {
	g := w.groups[key]
	if g == nil {
		g = &sampleGroup{key: key, labels: map[string]string{}, endpoints: map[string]string{}}
		w.groups[key] = g
	}
	return g
}

// sorted returns the groups in order of key, and names their archives: those of
// all groups are known by now.
func (w *sampleGroups) sorted() []*sampleGroup {
	var all []*sampleGroup
	for _, g := range w.groups {
		all = append(all, g)
	}
	slices.SortFunc(all, func(a, b *sampleGroup) int { return strings.Compare(a.key, b.key) })
	for _, g := range all {
		if g.name == "" {
			g.name = freeName(w.names, cmp.Or(g.key, archiveOther))
		}
	}
	return all
}

// samplesHostLabels name the host of a series.
var samplesHostLabels = []string{"hostname", "instance"}

// samplesHost returns what a label says of a host.
func samplesHost(label, value string) string {
	if label == "instance" {
		return mapper.HostOnly(value)
	}
	return value
}

func seriesLabel(s *prom.Series, name string) string {
	for _, l := range s.Labels {
		if l.Name == name {
			return l.Value
		}
	}
	return ""
}

// host returns the host of a group's archive.
func (w *sampleGroups) host(g *sampleGroup) string {
	if !w.folder && w.opts.host != "" {
		return w.opts.host
	}
	host := ""
	if slices.Contains(samplesHostLabels, w.opts.split()) {
		host = g.key
	}
	for _, l := range samplesHostLabels {
		host = cmp.Or(host, g.labels[l])
	}
	if _, known := g.labels["hostname"]; !known {
		host = cmp.Or(host, g.endpoints["hostname"])
	}
	switch {
	case host == "" && w.folder:
		return cmp.Or(w.opts.host, unknownHost)
	case host == "" || mapper.IsLoopback(host):
		return cmp.Or(w.opts.host, commonHost(nil))
	}
	return host
}
