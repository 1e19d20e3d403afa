package pmapi

import (
	"cmp"
	"strconv"

	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/pmseries"
	"github.com/pcparchive/pcparchive/serve/exporter"
)

// context replies with the context.
func (x *request) context() error {
	if err := x.open(); err != nil {
		return err
	}
	n, err := x.namespace()
	if err != nil {
		return err
	}
	j := x.begin()
	if x.compat {
		j.text(`{"context":`)
		j.number(uint64(x.ctx.id))
		j.text("}")
		return j.end()
	}
	labels := n.contextLabels()
	x.head(j)
	j.member("source", pmseries.SourceID(labels).String())
	j.member("hostspec", x.ctx.host)
	j.text(`,"labels":`)
	j.labels(labels)
	j.text("}")
	return j.end()
}

// wanted is what a request for metadata asks for: metrics, or a name without any.
type wanted struct {
	text string
	all  []named
}

// metric replies with the metadata of metrics.
func (x *request) metric() error {
	if err := x.open(); err != nil {
		return err
	}
	n, err := x.namespace()
	if err != nil {
		return err
	}
	items, ids, _ := x.list()
	if text := x.form.Get("prefix"); text != "" {
		items, ids = exporter.List(text), false
	}
	if len(items) == 0 {
		items = []string{""}
	}
	all := make([]wanted, len(items))
	for i, text := range items {
		all[i].text = text
		if !ids {
			all[i].all = n.below(text)
		} else if id, ok := parsePMID(text); ok {
			if m, ok := n.byID(id); ok {
				all[i].all = []named{m}
			}
		}
	}
	if len(all) == 1 && len(all[0].all) == 0 && items[0] != "" {
		return exporter.Refusal("%s traversal failed - %s", items[0], errUnknownName)
	}
	j := x.begin()
	x.head(j)
	j.text(`,"metrics":[`)
	separator := ""
	for _, w := range all {
		if len(w.all) == 0 && w.text != "" {
			j.text(separator + `{"name":`)
			separator = ","
			j.quoted(w.text)
			j.text(`,"message":"` + errUnknownName.Error() + `","success":false}`)
		}
		for i := range w.all {
			j.text(separator)
			separator = ","
			x.describe(j, n, &w.all[i])
		}
	}
	j.text("]}")
	return j.end()
}

// describe appends the metadata of a metric.
func (x *request) describe(j *jsonReply, n *namespace, m *named) {
	d := m.desc
	labels, oneLine, help := n.about(m)
	j.text(`{"name":`)
	j.quoted(m.name)
	j.member("series", pmseries.MetricID(m.name, d, labels).String())
	x.identifier(j, "pmid", d.PMID.String(), uint32(d.PMID))
	if d.InDom != pcp.InDomNull {
		x.identifier(j, "indom", d.InDom.String(), uint32(d.InDom))
	}
	j.member("type", d.Type.String())
	j.member("sem", d.Sem.String())
	j.member("units", cmp.Or(d.Units.String(), "none"))
	j.text(`,"labels":`)
	j.labels(labels)
	j.member("text-oneline", oneLine)
	j.member("text-help", cmp.Or(help, oneLine))
	j.text("}")
}

// identifier appends an identifier, as a number in the older form.
func (x *request) identifier(j *jsonReply, name, text string, number uint32) {
	if x.compat {
		j.text(`,"` + name + `":` + strconv.FormatUint(uint64(number), 10))
		return
	}
	j.member(name, text)
}

// about returns the labels of all levels above the instance, and the help of a metric.
func (n *namespace) about(m *named) (labels labelset.Set, oneLine, help string) {
	if m.reader == nil {
		return n.contextLabels(), "", ""
	}
	metric, _, _ := m.reader.MetricAt(m.desc, n.at)
	return merged(metric.Labels[:]...), metric.OneLine, metric.Help
}

// children replies with the names below a name.
func (x *request) children() error {
	if err := x.open(); err != nil {
		return err
	}
	n, err := x.namespace()
	if err != nil {
		return err
	}
	name := exporter.First(x.form, "prefix", "name")
	leaves, inner, ok := n.children(name)
	if !ok {
		return exporter.Refusal("child traversal failed - %s", errUnknownName)
	}
	j := x.begin()
	x.head(j)
	j.member("name", name)
	for i, list := range [][]string{leaves, inner} {
		j.text([]string{`,"leaf":[`, `,"nonleaf":[`}[i])
		for k, child := range list {
			if k > 0 {
				j.text(",")
			}
			j.quoted(child)
		}
		j.text("]")
	}
	j.text("}")
	return j.end()
}

// store refuses to change a value, as PCP's daemon does without authentication.
func (x *request) store() error {
	if err := x.open(); err != nil {
		return err
	}
	n, err := x.namespace()
	if err != nil {
		return err
	}
	name, id := x.form.Get("name"), x.form.Get("pmid")
	_, known := n.lookup(name)
	switch {
	case name == "" && id == "", x.form.Get("value") == "" && x.body == "":
		return exporter.Refusal("bad parameters passed")
	case name != "" && !known:
		return exporter.Refusal("%s - failed to lookup metric", name)
	case name == "":
		p, ok := parsePMID(id)
		if ok {
			_, ok = n.byID(p)
		}
		if !ok {
			return exporter.Refusal("%s - failed to lookup PMID", id)
		}
		name = id
	}
	return exporter.Refusal("failed to store value to metric %s: %s", name, pcp.Errno(-12387))
}

// inDomText returns a help text of an instance domain.
func (n *namespace) inDomText(kind meta.TextType, id pcp.InDomID) string {
	for i := len(n.readers) - 1; i >= 0; i-- {
		if text, ok := n.readers[i].Meta().Text(meta.TextInDom|kind, uint32(id)); ok {
			return text
		}
	}
	return ""
}
