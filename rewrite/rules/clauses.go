package rules

import (
	"fmt"
	"time"

	"github.com/pcparchive/pcparchive/pcp"
)

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
