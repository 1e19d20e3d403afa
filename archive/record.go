package archive

import (
	"strconv"

	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// Record is any record of an archive: *Header, *Result, *Mark, *IndexEntry,
// *meta.Desc, *meta.InDom, *meta.InDomDelta, *meta.Labels or *meta.Text.
type Record interface{ Kind() pcp.Kind }

var _ = []Record{
	(*Header)(nil), (*Result)(nil), (*Mark)(nil), (*IndexEntry)(nil),
	(*meta.Desc)(nil), (*meta.InDom)(nil), (*meta.InDomDelta)(nil), (*meta.Labels)(nil), (*meta.Text)(nil),
}

// metaCodecs holds the body codec of each kind of metadata record.
var metaCodecs = map[pcp.Kind]struct {
	decode func(body []byte, v pcp.Version) (Record, error)
	append func(b []byte, r Record, v pcp.Version) []byte
}{
	pcp.KindDesc: {
		func(body []byte, _ pcp.Version) (Record, error) { return record(meta.DecodeDesc(body)) },
		func(b []byte, r Record, _ pcp.Version) []byte { return r.(*meta.Desc).AppendBinary(b) },
	},
	pcp.KindInDom: {
		func(body []byte, v pcp.Version) (Record, error) { return record(meta.DecodeInDom(body, v)) },
		func(b []byte, r Record, v pcp.Version) []byte { return r.(*meta.InDom).AppendBinary(b, v) },
	},
	pcp.KindInDomDelta: {
		func(body []byte, v pcp.Version) (Record, error) { return record(meta.DecodeInDomDelta(body, v)) },
		func(b []byte, r Record, v pcp.Version) []byte { return r.(*meta.InDomDelta).AppendBinary(b, v) },
	},
	pcp.KindLabels: {
		func(body []byte, v pcp.Version) (Record, error) { return record(meta.DecodeLabels(body, v)) },
		func(b []byte, r Record, v pcp.Version) []byte { return r.(*meta.Labels).AppendBinary(b, v) },
	},
	pcp.KindText: {
		func(body []byte, _ pcp.Version) (Record, error) { return record(meta.DecodeText(body)) },
		func(b []byte, r Record, _ pcp.Version) []byte { return r.(*meta.Text).AppendBinary(b) },
	},
}

// record returns a nil interface for a typed nil.
func record[R Record](r R, err error) (Record, error) {
	if err != nil {
		return nil, err
	}
	return r, nil
}

// decodeMeta decodes the payload of a .meta frame.
func decodeMeta(payload []byte, l *wire.Layout) (Record, error) {
	d := wire.NewDec(pcp.KindNone, payload)
	tag := d.I32()
	kind, layout, ok := wire.TagKind(tag, l)
	if d.Err() == nil && !ok {
		d.FailAt(0, "type", strconv.Itoa(int(tag)), pcp.ErrTag)
	}
	if d.Err() != nil {
		return nil, d.Err()
	}
	rec, err := metaCodecs[kind].decode(d.Rest(), layout.Version)
	d.Adopt(err)
	return rec, d.Err()
}

// appendMeta appends r as a framed .meta record. The layout must have a tag for
// its kind.
func appendMeta(b []byte, l *wire.Layout, r Record) []byte {
	b, start := wire.BeginFrame(b)
	b = wire.AppendU32(b, uint32(l.Tags[r.Kind()]))
	b = metaCodecs[r.Kind()].append(b, r, l.Version)
	return wire.EndFrame(b, start)
}
