package rules

import (
	"fmt"
	"path"
	"strings"

	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// InDomPattern selects instance domains, or says where to move one.
type InDomPattern struct {
	Domain    uint32
	Serial    uint32
	AnySerial bool // an asterisk: any serial, or the same one
}

// Matches reports whether the pattern selects an instance domain.
func (p InDomPattern) Matches(id pcp.InDomID) bool {
	return id != pcp.InDomNull && id.Domain() == p.Domain && (p.AnySerial || id.Serial() == p.Serial)
}

// Apply returns the instance domain to which the pattern moves id.
func (p InDomPattern) Apply(id pcp.InDomID) pcp.InDomID {
	if p.AnySerial {
		return pcp.NewInDomID(p.Domain, id.Serial())
	}
	return pcp.NewInDomID(p.Domain, p.Serial)
}

// String returns the pattern as a rule has it.
func (p InDomPattern) String() string {
	if p.AnySerial {
		return fmt.Sprintf("%d.*", p.Domain)
	}
	return fmt.Sprintf("%d.%d", p.Domain, p.Serial)
}

// MetricPattern selects metrics by name or by PMID, or says where to move one.
type MetricPattern struct {
	Name                  string // "" for a PMID; may contain *, ? and []
	Domain, Cluster, Item uint32
	AnyCluster, AnyItem   bool // an asterisk: any number, or the same one
}

// MatchesID reports whether a pattern without a name selects a PMID.
func (p MetricPattern) MatchesID(id pcp.PMID) bool {
	return id.Domain() == p.Domain && (p.AnyCluster || id.Cluster() == p.Cluster) && (p.AnyItem || id.Item() == p.Item)
}

// Matches reports whether the pattern selects a metric.
func (p MetricPattern) Matches(d *meta.Desc) bool {
	if p.Name == "" {
		return p.MatchesID(d.PMID)
	}
	_, ok := p.NameOf(d)
	return ok
}

// NameOf returns the name by which a pattern with a name selects a metric.
func (p MetricPattern) NameOf(d *meta.Desc) (name string, ok bool) {
	for _, name := range d.Names {
		if name == p.Name {
			return name, true
		}
		if p.wild() {
			if ok, _ := path.Match(p.Name, name); ok {
				return name, true
			}
		}
	}
	return "", false
}

// wild reports whether the name has wildcards.
func (p MetricPattern) wild() bool { return strings.ContainsAny(p.Name, "*?[") }

// One reports whether the pattern can select only one metric.
func (p MetricPattern) One() bool {
	return p.Name != "" && !p.wild() || p.Name == "" && !p.AnyCluster && !p.AnyItem
}

// Apply returns the PMID to which a pattern without a name moves id.
func (p MetricPattern) Apply(id pcp.PMID) pcp.PMID {
	cluster, item := p.Cluster, p.Item
	if p.AnyCluster {
		cluster = id.Cluster()
	}
	if p.AnyItem {
		item = id.Item()
	}
	return pcp.NewPMID(p.Domain, cluster, item)
}

// String returns the pattern as a rule has it.
func (p MetricPattern) String() string {
	if p.Name != "" {
		return p.Name
	}
	cluster, item := fmt.Sprint(p.Cluster), fmt.Sprint(p.Item)
	if p.AnyCluster {
		cluster = "*"
	}
	if p.AnyItem {
		item = "*"
	}
	return fmt.Sprintf("%d.%s.%s", p.Domain, cluster, item)
}

// InstPattern selects an instance by its name, or by its number if Name is "".
type InstPattern struct {
	Name string
	ID   pcp.InstID
}

// Matches reports whether the pattern selects an instance; see [SameName].
func (p InstPattern) Matches(in meta.Instance) bool {
	if p.Name == "" {
		return p.ID == in.ID
	}
	return SameName(p.Name, in.Name)
}

// SameName reports whether two names are of the same instance: as in PCP, they are equal up
// to the first blank.
func SameName(a, b string) bool {
	unique := func(name string) string { name, _, _ = strings.Cut(name, " "); return name }
	return unique(a) == unique(b)
}
