package history

import (
	"fmt"
	"strconv"

	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/pcp"
)

// EventRecord is a record of an event array: the time and parameters of an
// event. The parameters are values of other metrics. A block of type event
// holds
//
//	number of records 4 | records
//	record:    stamp | flags 4 | number of parameters 4 | parameters
//	parameter: PMID 4 | type 1, length 3 (4 + content) | content | padding to 4
//
// The stamp of an event array has seconds and microseconds of 4 bytes each. The
// stamp of a highres event array has seconds and nanoseconds of 8 bytes each.
type EventRecord struct {
	Stamp pcp.Timestamp
	Flags EventFlags
	// Missed is the number of lost records if Flags has EventMissed. Such a
	// record has no parameters.
	Missed int32
	Params []EventParam
}

// EventParam is a parameter of an event record. Its Value has no instance.
type EventParam struct {
	PMID  pcp.PMID
	Value Value
}

// EventFlags say which kind of event a record describes.
type EventFlags uint32

// The flags.
const (
	EventPoint  EventFlags = 1          // an event at a single time
	EventStart  EventFlags = 2          // the start of an event that lasts
	EventEnd    EventFlags = 4          // the end of an event that lasts
	EventID     EventFlags = 8          // the first parameter identifies the event
	EventParent EventFlags = 16         // the second parameter identifies the event's parent
	EventMissed EventFlags = 0x80000000 // records were lost here; excludes all other flags
)

// Events decodes the value of a metric of type event or highres event. The
// values of the parameters share memory with v. Errors are *[pcp.FormatError]
// with offsets from the start of the block's content.
func (v Value) Events() ([]EventRecord, error) {
	if v.Type != pcp.TypeEvent && v.Type != pcp.TypeHighResEvent {
		return nil, &pcp.FormatError{
			Kind: pcp.KindResult, Field: "event array", Detail: "value of type " + v.Type.String(), Err: pcp.ErrMismatch,
		}
	}
	d := wire.NewDec(pcp.KindResult, v.Data)
	n := d.Count("number of event records", eventHeadSize(v.Type))
	events := make([]EventRecord, 0, n)
	for range n {
		e := EventRecord{Stamp: eventStamp(&d, v.Type), Flags: EventFlags(d.U32())}
		switch {
		case e.Flags == EventMissed:
			e.Missed = d.I32()
		case e.Flags&EventMissed != 0:
			d.FailAt(d.Offset()-4, "flags", "0x"+strconv.FormatUint(uint64(e.Flags), 16), pcp.ErrRange)
		default:
			e.Params = eventParams(&d)
		}
		if err := d.Err(); err != nil {
			return events, err
		}
		events = append(events, e)
	}
	return events, d.Err()
}

// eventHeadSize is the length of an event record without parameters.
func eventHeadSize(t pcp.Type) int {
	if t == pcp.TypeHighResEvent {
		return 24
	}
	return 16
}

func eventStamp(d *wire.Dec, t pcp.Type) pcp.Timestamp {
	if t == pcp.TypeHighResEvent { // unlike in other records, the high word comes first
		sec := int64(d.U32())<<32 | int64(d.U32())
		d.U32()
		return pcp.Timestamp{Sec: sec, Nsec: d.I32()}
	}
	sec, usec := d.I32(), d.I32()
	return pcp.Timestamp{Sec: int64(sec), Nsec: wire.Nsec(usec, 1000)}
}

func eventParams(d *wire.Dec) []EventParam {
	n := d.Count("number of event parameters", 8)
	params := make([]EventParam, 0, n)
	for range n {
		p := EventParam{PMID: pcp.PMID(d.U32())}
		header := d.U32()
		size := int(header & 0xffffff)
		content := d.Bytes(size - 4)
		if d.Len() > 0 { // the last parameter may lack its padding
			d.Skip(min(-size&3, d.Len()))
		}
		if d.Err() != nil {
			return params
		}
		p.Value = eventParam(pcp.Type(header>>24), content)
		params = append(params, p)
	}
	return params
}

// eventParam returns the value of a parameter. Unlike a value block, a
// parameter holds 32-bit integers too, and its strings have no NUL.
func eventParam(t pcp.Type, content []byte) Value {
	v := Value{Inst: pcp.InstNull, Type: t}
	d := wire.NewDec(pcp.KindResult, content)
	switch {
	case t.Size() == 0 || len(content) != t.Size():
		v.Data = content
	case t.Size() == 8:
		v.Bits = uint64(d.U32())<<32 | uint64(d.U32())
	default:
		v.Bits = uint64(d.U32())
	}
	return v
}

// EventValue returns events as the value of an instance of a metric of type t,
// event or highres event. Errors wrap [pcp.ErrRange].
func EventValue(inst pcp.InstID, t pcp.Type, events []EventRecord) (Value, error) {
	if t != pcp.TypeEvent && t != pcp.TypeHighResEvent {
		return Value{}, fmt.Errorf("event array cannot have type %s: %w", t, pcp.ErrRange)
	}
	b := wire.AppendU32(nil, uint32(len(events)))
	for i := range events {
		e := &events[i]
		missed := e.Flags&EventMissed != 0
		if missed && (len(e.Params) > 0 || e.Flags != EventMissed) {
			return Value{}, fmt.Errorf("event record %d: flags 0x%x and %d parameters: %w", i, uint32(e.Flags), len(e.Params), pcp.ErrRange)
		}
		b = appendEventStamp(b, t, e.Stamp)
		b = wire.AppendU32(b, uint32(e.Flags))
		if missed {
			b = wire.AppendU32(b, uint32(e.Missed))
			continue
		}
		b = wire.AppendU32(b, uint32(len(e.Params)))
		for j := range e.Params {
			b = appendEventParam(b, &e.Params[j])
		}
	}
	if len(b)+4 > MaxBlock {
		return Value{}, fmt.Errorf("event array of %d bytes: %w", len(b), pcp.ErrRange)
	}
	return Value{Inst: inst, Type: t, Data: b}, nil
}

func appendEventStamp(b []byte, t pcp.Type, at pcp.Timestamp) []byte {
	if t == pcp.TypeHighResEvent {
		return wire.AppendU64(wire.AppendU64(b, uint64(at.Sec)), uint64(at.Nsec))
	}
	return wire.AppendU32(wire.AppendU32(b, uint32(at.Sec)), uint32(at.Nsec/1000))
}

func appendEventParam(b []byte, p *EventParam) []byte {
	content := p.Value.Data
	if content == nil && p.Value.Type.Size() == 8 {
		content = wire.AppendU64(nil, p.Value.Bits)
	} else if content == nil {
		content = wire.AppendU32(nil, uint32(p.Value.Bits))
	}
	b = wire.AppendU32(b, uint32(p.PMID))
	b = wire.AppendU32(b, uint32(p.Value.Type)<<24|uint32(len(content)+4))
	b = append(b, content...)
	return append(b, make([]byte, -len(content)&3)...)
}
