package ingest

import (
	"cmp"
	"slices"
	"strings"

	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/labelset"
)

// router decides which series go to which archive, and how the archive is called.
type router struct {
	opts   *Options
	src    Source
	groups map[string]*group // by key
	names  map[string]bool   // lower-case names of archives in the folder
	folder bool              // Out is a folder
}

// group is the series of one archive.
type group struct {
	key string // value of the label that splits; empty for series without it
	// labels has each label of the group's series, with an empty value if the series
	// differ.
	labels map[string]string
	// endpoints is as labels, for hostname labels that may name another host than
	// the archive's.
	endpoints map[string]string
	name      string  // file name of the archive in the folder
	dst       *output // nil before the first sample
}

const (
	otherArchive = "other"   // file name of the archive for series without the label that splits
	unknownHost  = "unknown" // host of that archive if its series name none
)

func newRouter(o *Options, src Source) router {
	return router{opts: o, src: src, groups: map[string]*group{}, names: map[string]bool{}}
}

// key returns the key of the group that a series belongs to.
func (r *router) key(s *prom.Series) string {
	split := r.opts.SplitBy
	if split == "" {
		return ""
	}
	if split == "instance" && len(r.opts.Relabel) == 0 {
		if host := recordedOn(s); host != "" {
			return host
		}
	}
	value := hostOfLabel(split, labelValue(s, split))
	if value == "" && split == "instance" {
		split, value = "hostname", labelValue(s, "hostname")
	}
	if split == "hostname" && r.src.Host != nil {
		value = r.src.Host(value)
	}
	return value
}

// admit adds a series to its group and records the host that the series names.
func (r *router) admit(s *prom.Series) {
	g := r.group(r.key(s))
	endpoint := r.ofEndpoint(s)
	for _, l := range s.Labels {
		labels := g.labels
		if endpoint && l.Name == "hostname" {
			labels = g.endpoints
		}
		value := hostOfLabel(l.Name, l.Value)
		if known, ok := labels[l.Name]; ok && known != value {
			value = ""
		}
		labels[l.Name] = value
	}
}

// ofEndpoint reports whether the label hostname of a series may name an endpoint's
// host.
func (r *router) ofEndpoint(s *prom.Series) bool {
	if r.src.OfEndpoint != nil {
		return r.src.OfEndpoint(s)
	}
	return s.PCPMetric != nil && s.PCPMetric.Desc.PMID.Domain() == naming.OpenMetricsDomain
}

// recordedOn returns the host on which a PCP metric was recorded, empty if the
// series does not name it. A label instance of such a series belongs to the metric
// and names no host. Metrics of the health of endpoints are the exception.
func recordedOn(s *prom.Series) string {
	if s.PCPMetric == nil || naming.IsHealth(s.PCPMetric.Desc.PMID) {
		return ""
	}
	return s.PCPMetric.Labels[labelset.AtContext].Text("hostname")
}

// group finds or adds a group.
func (r *router) group(key string) *group {
	g := r.groups[key]
	if g == nil {
		g = &group{key: key, labels: map[string]string{}, endpoints: map[string]string{}}
		r.groups[key] = g
	}
	return g
}

// sorted returns the groups in order of key, and names their archives. All groups
// must be known.
func (r *router) sorted() []*group {
	var all []*group
	for _, g := range r.groups {
		all = append(all, g)
	}
	slices.SortFunc(all, func(a, b *group) int { return strings.Compare(a.key, b.key) })
	for _, g := range all {
		if g.name == "" {
			g.name = freeName(r.names, cmp.Or(g.key, otherArchive))
		}
	}
	return all
}

// hostLabels are the labels that name the host of a series, the best one first.
var hostLabels = []string{"hostname", "instance"}

// hostOfLabel returns the host in a label's value: of instance, without the port.
func hostOfLabel(label, value string) string {
	if label == "instance" {
		return mapper.HostOnly(value)
	}
	return value
}

func labelValue(s *prom.Series, name string) string {
	for _, l := range s.Labels {
		if l.Name == name {
			return l.Value
		}
	}
	return ""
}

// hostOf returns the host of a group's archive.
func (r *router) hostOf(g *group) string {
	if !r.folder && r.opts.Host != "" {
		return r.opts.Host
	}
	host := ""
	if slices.Contains(hostLabels, r.opts.SplitBy) {
		host = g.key
	}
	for _, l := range hostLabels {
		host = cmp.Or(host, g.labels[l])
	}
	if _, known := g.labels["hostname"]; !known {
		host = cmp.Or(host, g.endpoints["hostname"])
	}
	switch {
	case host == "" && r.folder:
		return cmp.Or(r.opts.Host, unknownHost)
	case host == "" || mapper.IsLoopback(host):
		return cmp.Or(r.opts.Host, mapper.LocalHost())
	}
	return host
}
