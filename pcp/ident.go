package pcp

import "strconv"

// PMID identifies a metric: domain (9 bits), cluster (12), item (10).
type PMID uint32

// PMIDNull stands for the absence of a metric.
const PMIDNull PMID = 0xffffffff

// NewPMID packs a metric identifier. It drops bits that do not fit.
func NewPMID(domain, cluster, item uint32) PMID {
	return PMID(domain&0x1ff<<22 | cluster&0xfff<<10 | item&0x3ff)
}

// Domain returns the number of the agent that serves the metric.
func (p PMID) Domain() uint32 { return uint32(p) >> 22 & 0x1ff }

// Cluster returns the metric's group within its domain.
func (p PMID) Cluster() uint32 { return uint32(p) >> 10 & 0xfff }

// Item returns the metric's number within its cluster.
func (p PMID) Item() uint32 { return uint32(p) & 0x3ff }

// ClusterID returns p with item 0: the identifier that cluster labels carry.
func (p PMID) ClusterID() PMID { return p &^ 0x3ff }

// DynamicDomain is the domain number of logged derived metrics and of the roots
// of dynamic subtrees.
const DynamicDomain = 511

// String returns "domain.cluster.item", or PCP's notation for a null or dynamic
// identifier.
func (p PMID) String() string {
	switch {
	case p == PMIDNull:
		return "PM_ID_NULL"
	case p.Domain() == DynamicDomain && p.Item() == 0:
		return strconv.Itoa(int(p.Cluster())) + ".*.*"
	}
	return dotted(p.Domain(), p.Cluster(), p.Item())
}

// InDomID identifies an instance domain: domain (9 bits), serial (22).
type InDomID uint32

// InDomNull marks a singular metric, which has no instance domain.
const InDomNull InDomID = 0xffffffff

// NewInDomID packs an instance domain identifier. It drops bits that do not
// fit.
func NewInDomID(domain, serial uint32) InDomID {
	return InDomID(domain&0x1ff<<22 | serial&0x3fffff)
}

// Domain returns the number of the agent that owns the instance domain.
func (i InDomID) Domain() uint32 { return uint32(i) >> 22 & 0x1ff }

// Serial returns the instance domain's number within its domain.
func (i InDomID) Serial() uint32 { return uint32(i) & 0x3fffff }

// String returns "domain.serial", or "PM_INDOM_NULL".
func (i InDomID) String() string {
	if i == InDomNull {
		return "PM_INDOM_NULL"
	}
	return dotted(i.Domain(), i.Serial())
}

// dotted joins numbers with dots.
func dotted(numbers ...uint32) string {
	var buf [16]byte
	b := buf[:0]
	for _, n := range numbers {
		b = append(strconv.AppendUint(b, uint64(n), 10), '.')
	}
	return string(b[:len(b)-1])
}

// InstID is the number of an instance within its instance domain, or InstNull.
type InstID int32

// InstNull takes the place of the instance number in the only value of a
// singular metric.
const InstNull InstID = -1
