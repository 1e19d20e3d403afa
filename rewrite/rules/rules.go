package rules

import (
	"github.com/pcparchive/pcparchive/labelset"
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
