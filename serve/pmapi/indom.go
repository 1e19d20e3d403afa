package pmapi

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/glob"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/serve/exporter"
)

// choice says which instances of a domain a request names.
type choice struct {
	all   bool // it names none
	names glob.Patterns
	ids   map[pcp.InstID]bool
}

// has reports whether the request names an instance.
func (c *choice) has(in meta.Instance) bool {
	return c.all || c.ids[in.ID] || c.names.Match(in.Name)
}

// choice reads the parameters that name instances.
func (x *request) choice() (*choice, error) {
	mode := glob.Exact
	if text := x.form.Get("match"); text != "" {
		var err error
		if mode, err = glob.ParseMode(text); err != nil {
			return nil, exporter.Refusal("%s - invalid 'match' parameter value", text)
		}
	}
	c := &choice{ids: map[pcp.InstID]bool{}}
	var err error
	if c.names, err = glob.New(mode, exporter.List(x.form.Get("iname"))); err != nil {
		return nil, exporter.Refusal("iname: %v", err)
	}
	numbers := exporter.List(x.form.Get("instance"))
	if !c.names.Empty() {
		numbers = nil // names come before numbers
	}
	for _, text := range numbers {
		n, err := strconv.ParseInt(text, 10, 32)
		if err != nil {
			return nil, exporter.Refusal("%s - invalid instance", text)
		}
		c.ids[pcp.InstID(n)] = true
	}
	c.all = c.names.Empty() && len(numbers) == 0
	return c, nil
}

// domain returns the instance domain that a request names, by itself or by a metric.
func (x *request) domain(n *namespace) (pcp.InDomID, error) {
	if name := x.form.Get("name"); name != "" {
		m, ok := n.lookup(name)
		if !ok {
			return 0, exporter.Refusal("%s - failed to lookup metric", name)
		}
		if m.desc.InDom == pcp.InDomNull {
			return 0, exporter.Refusal("%s - metric has null indom", name)
		}
		return m.desc.InDom, nil
	}
	text := x.form.Get("indom")
	id, ok := parseInDom(text)
	if !ok {
		return 0, exporter.Refusal("failed to lookup indom %s", text)
	}
	return id, nil
}

// indom replies with the instances of a domain.
func (x *request) indom() error {
	if !x.form.Has("name") && !x.form.Has("indom") {
		return exporter.Refusal("bad indom parameters")
	}
	c, err := x.choice()
	if err != nil {
		return err
	}
	if err := x.open(); err != nil {
		return err
	}
	n, err := x.namespace()
	if err != nil {
		return err
	}
	id, err := x.domain(n)
	if err != nil {
		return err
	}
	x.writeDomain(n, id, c)
	return nil
}

// writeDomain writes the reply.
func (x *request) writeDomain(n *namespace, id pcp.InDomID, c *choice) {
	levels := n.domainLabels(id)
	j := x.begin()
	if x.compat {
		j.text(`{"indom":` + strconv.FormatUint(uint64(id), 10))
	} else {
		x.head(j)
		j.member("indom", id.String())
	}
	j.text(`,"labels":`)
	j.labels(merged(levels...))
	oneLine, help := n.inDomText(meta.TextOneLine, id), n.inDomText(meta.TextHelp, id)
	if oneLine != "" || help != "" {
		j.member("text-oneline", oneLine)
		j.member("text-help", cmp.Or(help, oneLine))
	}
	j.text(`,"instances":[`)
	separator := ""
	for in, own := range n.instances(id) {
		if !c.has(in) {
			continue
		}
		j.text(separator + `{"instance":` + strconv.Itoa(int(in.ID)))
		separator = ","
		j.member("name", in.Name)
		j.text(`,"labels":`)
		j.labels(merged(append(slices.Clone(levels), own)...))
		j.text("}")
	}
	j.text("]}")
	_ = j.end()
}

// domainLabels returns the labels of the levels that an instance domain has: context, domain
// and instance domain.
func (n *namespace) domainLabels(id pcp.InDomID) []labelset.Set {
	sets := []labelset.Set{n.contextLabels()}
	r := n.describing(id)
	if r == nil {
		return sets
	}
	for _, level := range []labelset.Level{labelset.Domain, labelset.InDom} {
		l, _ := r.Meta().LabelsAt(level, history.LabelIdent(level, &meta.Desc{PMID: pcp.NewPMID(id.Domain(), 0, 0), InDom: id}), n.at)
		set, _ := l.Find(pcp.InstNull)
		sets = append(sets, set)
	}
	return sets
}

// describing returns the last archive that describes an instance domain, or else the last
// archive; nil if there is none.
func (n *namespace) describing(id pcp.InDomID) *archive.Reader {
	for _, r := range slices.Backward(n.readers) {
		if in, _ := r.Meta().InDomAt(id, n.at); in != nil {
			return r
		}
	}
	if len(n.readers) == 0 {
		return nil
	}
	return n.readers[len(n.readers)-1]
}

// instances yields the instances of a domain with their own labels.
func (n *namespace) instances(id pcp.InDomID) func(yield func(meta.Instance, labelset.Set) bool) {
	return func(yield func(meta.Instance, labelset.Set) bool) {
		r := n.describing(id)
		if r == nil {
			return
		}
		in, _ := r.Meta().InDomAt(id, n.at)
		labels, _ := r.Meta().LabelsAt(labelset.Instances, uint32(id), n.at)
		if in == nil {
			return
		}
		for _, e := range in.Instances {
			own, _ := labels.Find(e.ID)
			if !yield(e, own) {
				return
			}
		}
	}
}
