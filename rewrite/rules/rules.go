package rules

import (
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// Rule is one rule of a file: *Global, *InDom, *Metric, *Text or *Label.
type Rule interface{ Position() Pos }

// Clause is a clause of a rule: one of the types of this package that embed a Pos.
type Clause interface{ Position() Pos }

// Global is a rule for the whole archive. Its clauses are SetHost, SetZone, SetZoneInfo,
// SetFeatures and ShiftTime.
type Global struct {
	Pos
	Clauses []Clause
}

// InDom is a rule for instance domains. Its clauses are ToInDom, RenameInst,
// RenumberInst, ReplaceNames and RedactNames.
type InDom struct {
	Pos
	Target  InDomPattern
	Clauses []Clause
}

// Metric is a rule for metrics. Its clauses are Delete, ToInDom, SetName, ToMetric,
// SetSemantics, SetType, SetUnits and ReplaceValues.
type Metric struct {
	Pos
	Target  MetricPattern
	Clauses []Clause
}

// Text is a rule for help texts. Its clauses are Delete, ToInDom, ToMetric and SetText.
type Text struct {
	Pos
	Metric  *MetricPattern // nil if the rule is for texts of instance domains
	InDom   *InDomPattern  // nil if the rule is for texts of metrics
	OneLine bool           // selects one-line texts
	Help    bool           // selects long texts
	Content *string        // selects texts that are this text; nil selects all
	Clauses []Clause
}

// Label is a rule for labels. Its clauses are Delete, NewLabel, SetLabelName,
// SetLabelValue and MoveLabel.
type Label struct {
	Pos
	Level   labelset.Level
	Domain  uint32         // for the levels domain and cluster
	Cluster *uint32        // for the level cluster; nil selects all
	Metric  *MetricPattern // for the level item
	InDom   *InDomPattern  // for the levels indom and instances
	Inst    *InstPattern   // selects an instance; nil selects all
	Name    *string        // selects labels of this name; nil selects all
	Value   *string        // selects labels of this value; nil selects all
	Clauses []Clause
}

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

// Pick says how the values of several instances become one value.
type Pick uint8

// The ways to pick. PickAll keeps every value.
const (
	PickAll Pick = iota
	PickFirst
	PickLast
	PickInst // the value of one instance
	PickMin
	PickMax
	PickSum
	PickAvg
)

// String returns the keyword of the rule.
func (p Pick) String() string {
	names := [...]string{"all", "first", "last", "inst", "min", "max", "sum", "avg"}
	if int(p) >= len(names) {
		return fmt.Sprintf("pick %d", uint8(p))
	}
	return names[p]
}

// The clauses.
type (
	// SetHost sets the host name in the archive's label.
	SetHost struct {
		Pos
		Host string
	}
	// SetZone sets the time zone in the archive's label.
	SetZone struct {
		Pos
		Zone string
	}
	// SetZoneInfo sets the name of the time zone in the archive's label.
	SetZoneInfo struct {
		Pos
		ZoneInfo string
	}
	// SetFeatures sets the feature bits in the archive's label.
	SetFeatures struct {
		Pos
		Bits uint32
	}
	// ShiftTime moves all times.
	ShiftTime struct {
		Pos
		By time.Duration
	}
	// Delete removes a metric, a text or labels.
	Delete struct{ Pos }
	// ToInDom moves an instance domain, or a metric, text or label to another one.
	ToInDom struct {
		Pos
		Null      bool // the metric becomes singular
		Target    InDomPattern
		Duplicate bool // the original stays beside the copy
		Pick      Pick
		Inst      *InstPattern // for PickInst
	}
	// RenameInst gives an instance another name, or removes it.
	RenameInst struct {
		Pos
		Old    string
		New    string
		Delete bool
	}
	// RenumberInst gives an instance another number, or removes it.
	RenumberInst struct {
		Pos
		Old, New pcp.InstID
		Delete   bool
	}
	// ReplaceNames changes the names of instances by a regular expression, or removes
	// the instances that it matches.
	ReplaceNames struct {
		Pos
		Replacement
		Delete bool
	}
	// RedactNames replaces the names of instances by their numbers.
	RedactNames struct{ Pos }
	// SetName gives a metric another name.
	SetName struct {
		Pos
		Name string
	}
	// ToMetric gives a metric another PMID, or moves a text to another metric.
	ToMetric struct {
		Pos
		Target MetricPattern
	}
	// SetSemantics sets the semantics of a metric.
	SetSemantics struct {
		Pos
		Semantics pcp.Semantics
	}
	// SetType sets the type of a metric and converts its values.
	SetType struct {
		Pos
		If  *pcp.Type // only if this is the type; nil for any
		New pcp.Type
	}
	// SetUnits sets the units of a metric.
	SetUnits struct {
		Pos
		Units   pcp.Units
		Rescale bool // convert the values
	}
	// ReplaceValues changes the values of a metric of type string.
	ReplaceValues struct {
		Pos
		Replacement
	}
	// SetText replaces a help text.
	SetText struct {
		Pos
		Text string
	}
	// NewLabel adds a label.
	NewLabel struct {
		Pos
		Name, Value string
	}
	// SetLabelName gives labels another name.
	SetLabelName struct {
		Pos
		Name string
	}
	// SetLabelValue gives labels another value.
	SetLabelValue struct {
		Pos
		Value string
	}
	// MoveLabel moves labels to another owner of the same level.
	MoveLabel struct {
		Pos
		Domain  uint32 // for the levels domain and cluster
		Cluster *uint32
		Metric  *MetricPattern
		InDom   *InDomPattern
	}
)
