package archive

import (
	"errors"
	"fmt"
	"math"

	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// inForce holds the metadata that an Appender wrote last. It forgets replaced
// metadata, so that a recorder can run without limit.
type inForce struct {
	descs  map[pcp.PMID]*meta.Desc
	names  map[string]pcp.PMID
	indoms map[pcp.InDomID]*meta.InDom
	labels map[labelKey]*meta.Labels
	texts  map[textKey]string
}

type labelKey struct {
	level labelset.Level
	ident uint32
}

type textKey struct {
	typ   meta.TextType
	ident uint32
}

func newInForce() inForce {
	return inForce{
		descs:  map[pcp.PMID]*meta.Desc{},
		names:  map[string]pcp.PMID{},
		indoms: map[pcp.InDomID]*meta.InDom{},
		labels: map[labelKey]*meta.Labels{},
		texts:  map[textKey]string{},
	}
}

// Define adds a metric. It does not write a known metric again. The Appender
// takes ownership of d. Define rejects a metric with an error that wraps
//   - [pcp.ErrMismatch] if it contradicts a known PMID or uses the name of another
//     metric,
//   - [pcp.ErrRange] if it has no semantics, instance domain 0 or an invalid name.
func (a *Appender) Define(d *meta.Desc) error {
	if err := a.stopped(); err != nil {
		return err
	}
	if err := checkDesc(d, a.opts.AsIs); err != nil {
		return err
	}
	known, ok := a.known.descs[d.PMID]
	if ok {
		if what := known.Conflict(d); what != "" {
			return fmt.Errorf("metric %s (%s): %s changes: %w", d.PMID, known.Name(), what, pcp.ErrMismatch)
		}
	}
	isNew := !ok
	for _, name := range d.Names {
		owner, taken := a.known.names[name]
		if taken && owner != d.PMID {
			return fmt.Errorf("metric %s: name %s belongs to %s: %w", d.PMID, name, owner, pcp.ErrMismatch)
		}
		isNew = isNew || !taken
	}
	if !isNew {
		return nil
	}
	if err := a.putMeta(d); err != nil {
		return err
	}
	if !ok {
		a.known.descs[d.PMID] = d
	}
	for _, name := range d.Names {
		a.known.names[name] = d.PMID
	}
	return nil
}

// SetInDom puts an instance domain in force from its stamp on, and takes
// ownership of it. Like PCP it writes the complete domain or a delta, and
// nothing if nothing changed. It skips a domain without instances, which the
// format cannot store. An instance name ends at its first NUL.
func (a *Appender) SetInDom(in *meta.InDom) error {
	if err := a.stopped(); err != nil || len(in.Instances) == 0 {
		return err
	}
	if err := errors.Join(a.fits(in.Stamp), checkInDom(in)); err != nil {
		return err
	}
	var rec Record = in
	if now, ok := a.known.indoms[in.ID]; ok {
		delta, compact := meta.Diff(now, in)
		if delta == nil {
			return nil
		}
		if compact && a.layout.Tags[pcp.KindInDomDelta] != 0 {
			rec = delta
		}
	}
	if err := a.putMeta(rec); err != nil {
		return err
	}
	a.newInDom = true
	a.known.indoms[in.ID] = in
	return nil
}

// SetLabels puts the labels of a level and identifier in force from their stamp
// on, and takes ownership of l. It writes nothing if they equal the labels in
// force. The sets must ascend by instance.
func (a *Appender) SetLabels(l *meta.Labels) error {
	if err := a.stopped(); err != nil {
		return err
	}
	if err := a.fits(l.Stamp); err != nil {
		return err
	}
	key := labelKey{l.Level, l.Ident}
	if now, ok := a.known.labels[key]; ok && now.SameSets(l) {
		return nil
	}
	if err := a.putMeta(l); err != nil {
		return err
	}
	a.known.labels[key] = l
	return nil
}

// Labels returns the labels in force of a level and identifier, nil if none
// were written. They must not be changed.
func (a *Appender) Labels(level labelset.Level, ident uint32) *meta.Labels {
	return a.known.labels[labelKey{level, ident}]
}

// SetText adds a help text unless it is known. The text ends at its first NUL.
func (a *Appender) SetText(t *meta.Text) error {
	if err := a.stopped(); err != nil {
		return err
	}
	if !t.Type.Valid() {
		return fmt.Errorf("help text of %s: %w", t.Type, pcp.ErrRange)
	}
	key := textKey{t.Type, t.Ident}
	if now, ok := a.known.texts[key]; ok && now == t.Text {
		return nil
	}
	if err := a.putMeta(t); err != nil {
		return err
	}
	a.known.texts[key] = t.Text
	return nil
}

// putMeta appends a metadata record.
func (a *Appender) putMeta(r Record) error {
	if a.opts.OnFlush {
		a.meta.borrow()
	}
	was := len(a.meta.buf)
	a.meta.buf = appendMeta(a.meta.buf, a.layout, r)
	if a.meta.size() > a.layout.MaxFile || len(a.meta.buf)-was > math.MaxInt32 {
		a.meta.buf = a.meta.buf[:was]
		return a.tooLong(".meta")
	}
	if a.opts.OnFlush {
		a.meta.shelve()
	}
	return nil
}

// add marks a stored record as known.
func (k *inForce) add(rec Record) {
	switch r := rec.(type) {
	case *meta.Desc:
		if k.descs[r.PMID] == nil {
			k.descs[r.PMID] = r
		}
		for _, name := range r.Names {
			if _, taken := k.names[name]; !taken {
				k.names[name] = r.PMID
			}
		}
	case *meta.InDom:
		if len(r.Instances) > 0 {
			k.indoms[r.ID] = r
		}
	case *meta.InDomDelta:
		before := k.indoms[r.ID]
		if before == nil {
			before = &meta.InDom{}
		}
		k.indoms[r.ID] = before.Apply(r)
	case *meta.Labels:
		k.labels[labelKey{r.Level, r.Ident}] = r
	case *meta.Text:
		k.texts[textKey{r.Type, r.Ident}] = r.Text
	}
}
