package rewrite

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// Instances select instances of metrics.
type Instances struct {
	// Metric is a pattern as in Options.Metrics. It selects these metrics, too. "" stands
	// for all metrics that the other patterns select.
	Metric string
	// Names are names of instances, or the first words of their names. A number that is no
	// name is the internal number of an instance.
	Names []string
}

// filtersOf returns the lists of names of which an instance of a metric must be in each;
// nil selects all instances.
func (o *Options) filtersOf(d *meta.Desc) (lists [][]string) {
	if d.InDom == pcp.InDomNull {
		return nil
	}
	var own []string
	for _, in := range o.Instances {
		switch {
		case in.Metric == "":
			lists = append(lists, in.Names)
		case matchesName(d, in.Metric):
			own = append(own, in.Names...)
		}
	}
	if own != nil && !slices.ContainsFunc(o.Metrics, func(p string) bool { return matchesName(d, p) }) {
		lists = append(lists, own)
	}
	return lists
}

// holdsInstance reports whether a list names an instance of a domain, which may be nil.
func holdsInstance(names []string, id pcp.InstID, domain *meta.InDom) bool {
	var own string
	known := false
	if domain != nil {
		in, ok := domain.Lookup(id)
		own, known = in.Name, ok
	}
	return slices.ContainsFunc(names, func(name string) bool {
		if known && namesInstance(name, own) {
			return true
		}
		n, err := strconv.ParseInt(name, 10, 32)
		if err != nil || pcp.InstID(n) != id {
			return false
		}
		return domain == nil || !slices.ContainsFunc(domain.Instances, func(in meta.Instance) bool { return namesInstance(name, in.Name) })
	})
}

// namesInstance reports whether name is the name of an instance or its first word.
func namesInstance(name, of string) bool {
	first, _, more := strings.Cut(of, " ")
	return name == of || more && name == first
}
