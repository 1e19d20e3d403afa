package catalogue

import (
	"encoding/binary"
	"errors"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/internal/varcodec"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// textTable numbers texts, so that a group stores each text once.
type textTable struct {
	numbers map[string]uint64
	all     []string
}

// number finds or adds a text and returns its number.
func (t *textTable) number(text string) uint64 {
	n, ok := t.numbers[text]
	if !ok {
		n = uint64(len(t.all))
		t.numbers[text] = n
		t.all = append(t.all, text)
	}
	return n
}

// encodeGroup returns the stored form of a group:
//
//	number of texts, texts | number of metrics | metrics: hash 16, length, content
//
// Numbers and lengths are varints. A text in a metric is its number.
func (t *tables) encodeGroup(g *group) []byte {
	texts := &textTable{numbers: map[string]uint64{}}
	var metrics, one []byte
	for _, m := range g.metrics {
		one = t.appendMetric(one[:0], texts, m)
		metrics = append(metrics, m.hash[:]...)
		metrics = varcodec.AppendText(metrics, one)
	}
	b := appendTexts(nil, texts.all)
	b = binary.AppendUvarint(b, uint64(len(g.metrics)))
	return append(b, metrics...)
}

func appendTexts(b []byte, all []string) []byte {
	b = binary.AppendUvarint(b, uint64(len(all)))
	for _, text := range all {
		b = varcodec.AppendText(b, text)
	}
	return b
}

func (t *tables) appendMetric(b []byte, texts *textTable, m *Metric) []byte {
	put := func(all ...uint64) {
		for _, n := range all {
			b = binary.AppendUvarint(b, n)
		}
	}
	d := &m.Desc
	put(uint64(d.PMID), uint64(uint32(d.Type)), uint64(d.InDom), uint64(uint32(d.Sem)), uint64(d.Units.Word()), uint64(len(d.Names)))
	for _, name := range d.Names {
		put(texts.number(name))
	}
	put(texts.number(m.OneLine), texts.number(m.Help), texts.number(m.Sample))
	put(texts.number(m.Family.Name), texts.number(m.Family.Type), texts.number(m.Family.Unit), texts.number(m.Family.Help))
	put(uint64(flag(m.Native)), uint64(flag(m.unknown)))
	var target []prom.Label
	if len(m.series) > 0 {
		target = t.index.targets[t.index.origins[m.series[0]]]
	}
	putLabels := func(all []prom.Label) {
		put(uint64(len(all)))
		for _, l := range all {
			put(texts.number(l.Name), texts.number(l.Value))
		}
	}
	putLabels(target)
	put(uint64(len(m.series)))
	for _, id := range m.series {
		put(texts.number(t.index.labels[id].Get("__name__")))
		putLabels(promSlice(t.index.labels[id]))
	}
	return b
}

// errDamaged means that stored bytes are not a description.
var errDamaged = errors.New("its content is damaged")

// decoder reads stored bytes. After a fault its methods return zero values.
type decoder struct {
	varcodec.Decoder
	texts []string
}

func newDecoder(b []byte, texts []string) *decoder {
	return &decoder{varcodec.Decoder{B: b}, texts}
}

func (d *decoder) digest() (h digest) {
	copy(h[:], d.Take(uint64(len(h))))
	return h
}

func (d *decoder) sum() uint32 {
	if v := d.Take(4); v != nil {
		return binary.BigEndian.Uint32(v)
	}
	return 0
}

// text returns a text that is stored by its number.
func (d *decoder) text() string {
	n := d.Uint()
	if n >= uint64(len(d.texts)) {
		d.Bad = true
		return ""
	}
	return d.texts[n]
}

func (d *decoder) labels() []prom.Label {
	n := d.Count(1)
	all := make([]prom.Label, 0, min(n, 64))
	for range n {
		all = append(all, prom.Label{Name: d.text(), Value: d.text()})
	}
	return all
}

// decodeGroup reads a group. It decodes only the hash of a metric that is known.
func decodeGroup(b []byte, known func(digest) bool) ([]*description, error) {
	d := newDecoder(b, nil)
	n := d.Count(1)
	for range n {
		d.texts = append(d.texts, d.Text())
	}
	n = d.Count(1)
	all := make([]*description, 0, min(n, 1024))
	for range n {
		m := &description{hash: d.digest()}
		content := d.Bytes()
		if d.Bad {
			break
		}
		if !known(m.hash) {
			one := newDecoder(content, d.texts)
			one.metric(m)
			d.Bad = d.Bad || !one.Whole()
		}
		all = append(all, m)
	}
	if !d.Whole() {
		return nil, errDamaged
	}
	return all, nil
}

func (d *decoder) metric(m *description) {
	m.desc = meta.Desc{PMID: pcp.PMID(d.Uint()), Type: pcp.Type(int32(d.Uint())), InDom: pcp.InDomID(d.Uint()), Sem: pcp.Semantics(int32(d.Uint()))}
	m.desc.Units = pcp.UnitsFromWord(uint32(d.Uint()))
	for range d.Count(1) {
		m.desc.Names = append(m.desc.Names, d.text())
	}
	m.oneLine, m.help, m.sample = d.text(), d.text(), d.text()
	m.family = prom.Family{Name: d.text(), Type: d.text(), Unit: d.text(), Help: d.text()}
	m.native, m.unknown = d.Uint() == 1, d.Uint() == 1
	m.target = d.labels()
	n := d.Count(1)
	m.series = make([]describedSeries, 0, min(n, 1024)) // n may lie
	for range n {
		one := describedSeries{name: d.text(), labels: d.labels()}
		p := prom.Series{Name: one.name, Labels: one.labels}
		d.Bad = d.Bad || !p.Fits() // labels.Labels cannot hold longer texts
		m.series = append(m.series, one)
	}
}
