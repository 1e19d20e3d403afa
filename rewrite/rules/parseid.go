package rules

import (
	"strings"

	"github.com/pcparchive/pcparchive/pcp"
)

// The highest numbers of a rule. The highest domain is not for metrics of agents.
const (
	maxDomain  = 510
	maxCluster = 4095
	maxItem    = 1023
	maxSerial  = 4194303
	maxInst    = 1<<31 - 1
)

// indomID parses an instance domain, such as 60.2 or 60.*.
func (p *parser) indomID() (id InDomPattern, err error) {
	const form = "an instance domain DOMAIN.SERIAL or DOMAIN.*"
	t, err := p.word(form)
	if err != nil {
		return id, err
	}
	parts := strings.Split(t.text, ".")
	if len(parts) != 2 {
		return id, want(t, form)
	}
	if id.Domain, err = domainOf(t, parts[0]); err != nil {
		return id, err
	}
	id.Serial, id.AnySerial, err = numberOrStar(t, parts[1], "serial", maxSerial)
	return id, err
}

func domainOf(t token, text string) (uint32, error) {
	n, err := numberOf(t, text, "domain", 1, maxDomain)
	return uint32(n), err
}

// numberOrStar returns a number, or true for an asterisk.
func numberOrStar(t token, text, what string, highest int64) (n uint32, star bool, err error) {
	if text == "*" {
		return 0, true, nil
	}
	number, err := numberOf(t, text, what, 0, highest)
	return uint32(number), false, err
}

// pmid parses a PMID, such as 60.0.3 or 60.*.*.
func (p *parser) pmid() (id MetricPattern, err error) {
	t, err := p.word("a metric DOMAIN.CLUSTER.ITEM")
	if err != nil {
		return id, err
	}
	return pmidOf(t)
}

func pmidOf(t token) (id MetricPattern, err error) {
	parts := strings.Split(t.text, ".")
	if len(parts) != 3 {
		return id, want(t, "a metric DOMAIN.CLUSTER.ITEM")
	}
	// A metric that a logger derived has the domain 511.
	n, err := numberOf(t, parts[0], "domain", 1, maxDomain+1)
	if err != nil {
		return id, err
	}
	id.Domain = uint32(n)
	if id.Cluster, id.AnyCluster, err = numberOrStar(t, parts[1], "cluster", maxCluster); err != nil {
		return id, err
	}
	id.Item, id.AnyItem, err = numberOrStar(t, parts[2], "item", maxItem)
	return id, err
}

// metricID parses a metric's name or PMID.
func (p *parser) metricID() (id MetricPattern, err error) {
	t, err := p.word("a metric's name or DOMAIN.CLUSTER.ITEM")
	if err != nil {
		return id, err
	}
	if c := t.text[0]; c >= '0' && c <= '9' {
		return pmidOf(t)
	}
	return MetricPattern{Name: t.text}, validPattern(t)
}

// instID parses the number of an instance.
func (p *parser) instID() (pcp.InstID, error) {
	n, err := p.number("instance number", 0, maxInst)
	return pcp.InstID(n), err
}
