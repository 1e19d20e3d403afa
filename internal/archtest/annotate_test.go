package archtest

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// annotator splits a whole record into its fields. It does not use the
// decoders, so that the vectors test whether both interpret the format alike.
type annotator struct {
	b      []byte
	layout *wire.Layout
	out    fields
}

func (a *annotator) take(n int, show func([]byte) string, format string, args ...any) []byte {
	raw := a.b[:n:n]
	a.b = a.b[n:]
	a.out = append(a.out, field{fmt.Sprintf(format, args...), raw, show, false})
	return raw
}

func (a *annotator) word(show func([]byte) string, format string, args ...any) uint32 {
	return binary.BigEndian.Uint32(a.take(4, show, format, args...))
}

func (a *annotator) stamp() {
	a.take(a.layout.StampSize, func(b []byte) string {
		d := wire.NewDec(pcp.KindNone, b)
		t := a.layout.Stamp(&d)
		return fmt.Sprintf("%d.%09d", t.Sec, t.Nsec)
	}, "time")
}

// metadata annotates a framed record of the metadata file.
func (a *annotator) metadata() fields {
	var end []byte
	end, a.b = a.b[len(a.b)-4:], a.b[:len(a.b)-4]
	a.word(signed, "length")
	kind, _, _ := wire.TagKind(int32(binary.BigEndian.Uint32(a.b)), a.layout)
	a.word(func(b []byte) string {
		kind, _, ok := wire.TagKind(int32(binary.BigEndian.Uint32(b)), a.layout)
		if !ok {
			return signed(b)
		}
		return signed(b) + ", " + kind.String()
	}, "record type")
	switch kind {
	case pcp.KindDesc:
		a.desc()
	case pcp.KindInDom, pcp.KindInDomDelta:
		a.indom()
	case pcp.KindLabels:
		a.labels()
	case pcp.KindText:
		a.word(func(b []byte) string { return signed(b) + ", " + meta.TextType(binary.BigEndian.Uint32(b)).String() }, "text type")
		a.word(pmid, "metric")
		a.take(len(a.b), text, "text")
	}
	return append(a.out, field{"trailer", end, signed, false})
}

func (a *annotator) desc() {
	a.word(pmid, "metric")
	a.word(func(b []byte) string { return signed(b) + ", " + pcp.Type(binary.BigEndian.Uint32(b)).String() }, "type")
	a.word(indomID, "instance domain")
	a.word(func(b []byte) string { return signed(b) + ", " + pcp.Semantics(binary.BigEndian.Uint32(b)).String() }, "semantics")
	a.word(func(b []byte) string { return pcp.UnitsFromWord(binary.BigEndian.Uint32(b)).String() }, "units")
	for i := range a.word(signed, "number of names") {
		n := a.word(signed, "name length %d", i+1)
		a.take(int(n), text, "name %d", i+1)
	}
}

func (a *annotator) indom() {
	a.stamp()
	a.word(indomID, "instance domain")
	n := a.word(signed, "number of instances")
	for i := range n {
		a.word(signed, "instance %d", i+1)
	}
	for i := range n {
		a.word(func(b []byte) string {
			if s := signed(b); s != "-1" {
				return s
			}
			return "-1, the instance is removed"
		}, "name offset %d", i+1)
	}
	for i := 1; len(a.b) > 0; i++ {
		a.take(slices.Index(a.b, 0)+1, text, "name %d", i)
	}
}

func (a *annotator) labels() {
	a.stamp()
	a.word(func(b []byte) string { return signed(b) + ", " + labelset.Level(binary.BigEndian.Uint32(b)).String() }, "level")
	a.word(instance, "identifier")
	for i := range a.word(signed, "number of sets") {
		a.word(instance, "instance %d", i+1)
		length := a.word(signed, "JSON length %d", i+1)
		a.take(int(length), text, "JSON %d", i+1)
		for k := range max(0, int32(a.word(signed, "number of labels %d", i+1))) {
			a.take(2, number, "name offset %d.%d", i+1, k+1)
			a.take(1, number, "name length %d.%d", i+1, k+1)
			a.take(1, number, "flags %d.%d", i+1, k+1)
			a.take(2, number, "value offset %d.%d", i+1, k+1)
			a.take(2, number, "value length %d.%d", i+1, k+1)
		}
	}
}

// data annotates a framed record of a volume.
func (a *annotator) data() fields {
	size := len(a.b)
	var end []byte
	end, a.b = a.b[len(a.b)-4:], a.b[:len(a.b)-4]
	a.word(signed, "length")
	a.stamp()
	blocks := map[int]string{}
	for i := range a.word(signed, "number of metrics") {
		a.word(pmid, "metric %d", i+1)
		n := int32(a.word(func(b []byte) string {
			if n := pcp.Errno(binary.BigEndian.Uint32(b)); n < 0 {
				return fmt.Sprintf("%d, error %q", n, n.Error())
			}
			return signed(b)
		}, "number of values %d", i+1))
		if n <= 0 {
			continue
		}
		format := a.word(func(b []byte) string {
			return signed(b) + map[string]string{"0": ", in place", "1": ", blocks", "2": ", static blocks"}[signed(b)]
		}, "format %d", i+1)
		for k := range n {
			at := fmt.Sprintf("%d.%d", i+1, k+1)
			a.word(instance, "instance %s", at)
			if format == 0 {
				a.word(number, "value %s", at)
				continue
			}
			ref := a.word(func(b []byte) string {
				return fmt.Sprintf("word %s, byte %d", number(b), 4*(int64(binary.BigEndian.Uint32(b))-2))
			}, "block of %s", at)
			blocks[4*(int(ref)-2)] = at
		}
	}
	for len(a.b) > 0 {
		a.block(blocks[size-4-len(a.b)])
	}
	return append(a.out, field{"trailer", end, signed, false})
}

// block annotates a value block.
func (a *annotator) block(of string) {
	head := a.word(func(b []byte) string {
		return fmt.Sprintf("type %s, length %s", pcp.Type(b[0]), number(b[1:]))
	}, "block %s", of)
	typ, n := pcp.Type(head>>24), int(head&0xffffff)-4
	show := func(b []byte) string { return fmt.Sprintf("%d bytes", len(b)) }
	switch {
	case typ == pcp.TypeEvent || typ == pcp.TypeHighResEvent:
		inner := &annotator{b: a.b[:n:n], layout: a.layout}
		a.out = append(a.out, inner.events(typ)...)
		a.b = a.b[n:]
		return
	case typ == pcp.TypeString:
		show = text
	case typ.IsNumeric():
		show = number
	}
	a.take(n, show, "content %s", of)
	if pad := -n & 3; pad > 0 {
		a.take(pad, nil, "padding %s", of)
	}
}

// events annotates the content of an event array.
func (a *annotator) events(typ pcp.Type) fields {
	size := 4
	if typ == pcp.TypeHighResEvent {
		size = 8
	}
	for i := range a.word(signed, "number of events") {
		a.take(size, number, "seconds of event %d", i+1)
		a.take(size, number, map[int]string{4: "microseconds", 8: "nanoseconds"}[size]+" of event %d", i+1)
		if flags := a.word(func(b []byte) string { return fmt.Sprintf("0x%x", b) }, "flags of event %d", i+1); flags>>31 == 1 {
			a.word(signed, "missed events %d", i+1)
			continue
		}
		for k := range a.word(signed, "number of parameters %d", i+1) {
			a.word(pmid, "parameter %d.%d", i+1, k+1)
			head := a.word(func(b []byte) string {
				return fmt.Sprintf("type %s, length %s", pcp.Type(b[0]), number(b[1:]))
			}, "parameter block %d.%d", i+1, k+1)
			n, show := int(head&0xffffff)-4, number
			if pcp.Type(head>>24) == pcp.TypeString {
				show = text
			}
			a.take(n, show, "parameter content %d.%d", i+1, k+1)
			if pad := -n & 3; pad > 0 {
				a.take(pad, nil, "parameter padding %d.%d", i+1, k+1)
			}
		}
	}
	return a.out
}

// index annotates an entry of the temporal index.
func (a *annotator) index() fields {
	a.stamp()
	a.word(signed, "volume")
	a.take(a.layout.OffsetSize, number, "metadata offset")
	a.take(a.layout.OffsetSize, number, "data offset")
	return a.out
}

// label annotates a framed archive label.
func (a *annotator) label() fields {
	var end []byte
	end, a.b = a.b[len(a.b)-4:], a.b[:len(a.b)-4]
	a.word(signed, "length")
	a.take(3, nil, "magic number")
	a.take(1, number, "version")
	a.word(signed, "process")
	a.stamp()
	a.word(signed, "volume")
	if a.layout.Features {
		a.word(func(b []byte) string { return fmt.Sprintf("0x%x", b) }, "features")
		a.word(nil, "reserved")
	}
	a.cstring(a.layout.HostSize, "host")
	a.cstring(a.layout.ZoneSize, "time zone")
	if a.layout.ZoneInfo > 0 {
		a.cstring(a.layout.ZoneInfo, "zoneinfo")
	}
	return append(a.out, field{"trailer", end, signed, false})
}

// cstring annotates a text in a field of fixed size.
func (a *annotator) cstring(size int, name string) {
	n := slices.Index(a.b, 0) + 1
	a.take(n, text, "%s", name)
	a.take(size-n, nil, "rest of %s", name)
}
