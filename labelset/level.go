package labelset

import "strconv"

// Level is the level of metadata that a label set belongs to. Archives store
// these numbers; a damaged archive may contain others.
type Level uint32

// The levels, most general first.
const (
	Context   Level = 1
	Domain    Level = 2
	InDom     Level = 4
	Cluster   Level = 8
	Item      Level = 16
	Instances Level = 32
)

// Levels lists all levels from lowest to highest precedence. The instance
// domain has lower precedence than the cluster.
var Levels = [...]Level{Context, Domain, InDom, Cluster, Item, Instances}

// Positions of the levels in [Levels]. A metric keeps its label sets, those of its
// instances aside, in an array of MetricLevels sets by these positions.
const (
	AtContext = iota
	AtDomain
	AtInDom
	AtCluster
	AtItem
	MetricLevels
)

// String returns the level's name: context, domain, indom, cluster, item, instances.
func (l Level) String() string {
	switch l {
	case Context:
		return "context"
	case Domain:
		return "domain"
	case InDom:
		return "indom"
	case Cluster:
		return "cluster"
	case Item:
		return "item"
	case Instances:
		return "instances"
	}
	return "level " + strconv.FormatUint(uint64(l), 10)
}

// Flags qualify a label.
type Flags uint8

// The flags, with the values that archives store.
const (
	Compound Flags = 64  // the name may be dotted
	Optional Flags = 128 // not part of the metric's identity
)
