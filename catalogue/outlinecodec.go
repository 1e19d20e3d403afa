package catalogue

import (
	"io"

	"github.com/pcparchive/pcparchive/internal/cachedir"
	"github.com/pcparchive/pcparchive/internal/varcodec"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// outlineKind is the kind of the cache's entries for outlines. The content of an entry is:
//
//	state of the archives 16 | names of labels | values | unsure names | clashes
//	number of series | number of metrics, metrics
//	metric: host | names | PMID, type, domain, semantics, units | name of the samples
//	        one-line help | help | number of series
//
// Numbers and lengths are varints.
var outlineKind = cachedir.Kind{Name: "outline", Version: 1, Derived: true}

// recallOutline returns an outline from the cache folder, or nil if the folder has none of
// this state.
func (v *View) recallOutline(key cachedir.Key, state digest) *Outline {
	content, err := v.c.opts.Cache.Read(key, outlineKind)
	if err != nil {
		return nil
	}
	if len(content) >= len(state) && digest(content[:len(state)]) != state {
		return nil
	}
	o, err := decodeOutline(content)
	if err != nil {
		_ = v.c.opts.Cache.Damaged(key, outlineKind, err.Error()) // Dir.Damage has it
		return nil
	}
	return o
}

// keepOutline puts an outline into the cache folder. A failure costs only time.
func (v *View) keepOutline(key cachedir.Key, state digest, o *Outline, help bool) {
	content := encodeOutline(state, o, help)
	_ = v.c.opts.Cache.Put(key, outlineKind, func(w io.Writer) error { // the Dir names its fault
		_, err := w.Write(content)
		return err
	})
}

func encodeOutline(state digest, o *Outline, help bool) []byte {
	e := varcodec.Encoder{B: append([]byte(nil), state[:]...)}
	texts := func(all []string) {
		e.Uint(uint64(len(all)))
		for _, text := range all {
			e.Text(text)
		}
	}
	texts(o.LabelNames)
	texts(o.Values)
	texts(o.Unsure)
	texts(o.Clashes)
	e.Uint(uint64(o.Series))
	e.Uint(uint64(len(o.Metrics)))
	for _, m := range o.Metrics {
		d := &m.Desc
		e.Text(m.Host)
		texts(d.Names)
		for _, n := range [...]uint64{uint64(d.PMID), uint64(uint32(d.Type)), uint64(d.InDom), uint64(uint32(d.Sem)), uint64(d.Units.Word())} {
			e.Uint(n)
		}
		e.Text(m.Sample)
		e.Text(m.OneLine)
		if help {
			e.Text(m.Help)
		} else {
			e.Text("")
		}
		e.Uint(uint64(m.Series))
	}
	return e.B
}

// decodeOutline reads what encodeOutline returns.
func decodeOutline(b []byte) (*Outline, error) {
	d := &decoder{Decoder: varcodec.NewSharing(b)}
	d.digest()
	o := &Outline{LabelNames: d.list(), Values: d.list(), Unsure: d.list(), Clashes: d.list()}
	o.Series = int(d.Uint() & (1<<31 - 1))
	n := d.Count(1)
	var block []ownMetric
	o.Metrics = make([]HostMetric, 0, min(n, 1024)) // n may lie
	for ; n > 0 && !d.Bad; n-- {
		if len(block) == 0 {
			block = make([]ownMetric, min(n, 128))
		}
		o.Metrics = append(o.Metrics, d.outlined(&block[0]))
		block = block[1:]
	}
	if !d.Whole() {
		return nil, errDamaged
	}
	return o, nil
}

// list takes a list of texts.
func (d *decoder) list() (all []string) {
	n := d.Count(1)
	if n > 0 {
		all = make([]string, 0, min(n, 1024)) // n may lie
	}
	for range n {
		all = append(all, d.Text())
	}
	return all
}

// ownMetric is a Metric that shares its Description with no other.
type ownMetric struct {
	Metric
	own Description
}

// outlined takes a metric of an outline into o.
func (d *decoder) outlined(o *ownMetric) HostMetric {
	host, m := d.Text(), &o.own
	o.Description = m
	m.Desc = meta.Desc{
		Names: d.list(), PMID: pcp.PMID(d.Uint()), Type: pcp.Type(int32(d.Uint())), InDom: pcp.InDomID(d.Uint()),
		Sem: pcp.Semantics(int32(d.Uint())), Units: pcp.UnitsFromWord(uint32(d.Uint())),
	}
	m.Sample, m.OneLine, m.Help = d.Text(), d.Text(), d.Text()
	return HostMetric{Host: host, Metric: &o.Metric, Series: int(d.Uint() & (1<<31 - 1))}
}
