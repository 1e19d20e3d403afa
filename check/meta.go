package check

import (
	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/finding"
	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// metadata checks the metadata file.
func (c *checker) metadata(m *member) {
	c.metaFile = m
	valid := func(payload []byte) bool {
		_, err := archive.DecodeMeta(payload, m.layout.Version)
		return err == nil
	}
	n, size := c.frames(m, valid, func(fr *frame) {
		c.passPointers(m, fr.off, nil)
		c.metaRecord(m, fr)
	})
	c.endPointers(m, size)
	if n == 0 {
		c.add(FileEmpty, m.Path, nowhere, "there is no metadata record")
	} else if len(c.descs) == 0 {
		c.add(FileEmpty, m.Path, nowhere, "no metric is described: PCP takes the archive for empty")
	}
	c.endInDoms()
	c.endLabels()
	c.endTexts()
}

// metaRecord checks one record of the metadata file.
func (c *checker) metaRecord(m *member, fr *frame) {
	d := wire.NewDec(pcp.KindNone, fr.payload)
	tag := d.I32()
	kind, layout, ok := wire.TagKind(tag, m.layout)
	if d.Err() != nil || !ok {
		c.add(MetaTag, m.Path, fr.off, "record of unknown type %d", tag)
		return
	}
	if layout.Version != m.layout.Version {
		c.add(MetaVersion, m.Path, fr.off, "%s record of type %d, which belongs in archives of version %d", kind, tag, layout.Version)
	}
	rec, err := archive.DecodeMeta(fr.payload, m.layout.Version)
	if err != nil {
		c.add(MetaRecord, m.Path, fr.off, "%s record: %s", kind, reason(err))
		return
	}
	at := place{m, fr.off}
	// A text without its NUL is one byte short. The text check below reports it.
	if want := encodedSize(rec, layout.Version); want != d.Len() && (kind != pcp.KindText || want < d.Len()) {
		c.at(at, MetaRest, "%s record: %d bytes for contents of %d", kind, d.Len(), want)
	}
	switch rec := rec.(type) {
	case *meta.Desc:
		if !c.desc(at, rec) {
			return // a reader would reject the archive
		}
	case *meta.InDom:
		c.metaTime(at, kind, rec.Stamp)
		c.inDom(at, rec, fr.payload)
	case *meta.InDomDelta:
		c.metaTime(at, kind, rec.Stamp)
		c.delta(at, rec, fr.payload)
	case *meta.Labels:
		c.metaTime(at, kind, rec.Stamp)
		c.labelRecord(at, rec)
	case *meta.Text:
		if !rec.Type.Valid() {
			c.at(at, TextType, "help text of unknown %s", rec.Type)
			return // PCP loses the records after it
		}
		c.text(at, rec, fr.payload)
	}
	c.saver.metadata(m, fr.payload, rec)
}

// encodedSize returns the length in bytes that a record's body has without gaps between
// its parts. All known writers leave no gaps.
func encodedSize(rec archive.Record, v pcp.Version) int {
	switch rec := rec.(type) {
	case *meta.InDom:
		return len(rec.AppendBinary(nil, v))
	case *meta.InDomDelta:
		return len(rec.AppendBinary(nil, v))
	case *meta.Labels:
		return len(rec.AppendBinary(nil, v))
	case *meta.Text:
		return len(rec.AppendBinary(nil))
	case *meta.Desc:
		return len(rec.AppendBinary(nil))
	}
	return 0
}

// place is the position of a record.
type place struct {
	m   *member
	off int64
}

// at adds a finding about the record at a place.
func (c *checker) at(p place, code finding.Code, format string, args ...any) {
	c.add(code, p.m.Path, p.off, format, args...)
}

// metaTime checks the time of a record. endMetaTimes compares it with the archive's end,
// which is known only after the data was read.
func (c *checker) metaTime(p place, kind pcp.Kind, t pcp.Timestamp) {
	if what := badTime(t); what != "" {
		c.at(p, MetaTime, "%s record: time %s: %s", kind, t, what)
		return
	}
	switch {
	case c.header.Start.Sec != 0 && t.Before(c.header.Start):
		c.at(p, MetaTime, "%s record: time %s is before the archive's start, %s", kind, t, c.header.Start)
	case t.Before(c.stamped):
		c.at(p, MetaOrder, "%s record: time %s after %s", kind, t, c.stamped)
	}
	c.stamped = t
	c.times = append(c.times, metaTime{p.off, t})
}

// lastVolume returns the path of the last data volume, or "" if there is none.
func (c *checker) lastVolume() string {
	if c.data.m == nil {
		return ""
	}
	return c.data.m.Path
}

// endMetaTimes reports metadata records that are later than the last data record.
func (c *checker) endMetaTimes() {
	if c.metaFile == nil || c.data.records == 0 {
		return
	}
	for _, t := range c.times {
		if t.stamp.After(c.data.end) {
			c.addIn(c.lastVolume(), MetaTime, c.metaFile.Path, t.off, "time %s is after the archive's end, %s", t.stamp, c.data.end)
		}
	}
}
