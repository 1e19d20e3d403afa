package dump

import (
	"encoding/hex"
	"encoding/json"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

type jsonResult struct {
	jsonHead
	Volume int `json:"volume"`
	jsonTime
	Metrics []jsonMetric `json:"metrics"`
}

type jsonMark struct {
	jsonHead
	Volume int `json:"volume"`
	jsonTime
}

type jsonMetric struct {
	PMID   string      `json:"pmid"`
	Names  []string    `json:"names"`
	Type   string      `json:"type,omitempty"`
	Error  pcp.Errno   `json:"error,omitempty"`
	Text   string      `json:"error_text,omitempty"`
	Format *uint32     `json:"format,omitempty"`
	Values []jsonValue `json:"values"`
}

type jsonValue struct {
	Instance *pcp.InstID     `json:"instance,omitempty"`
	Name     *string         `json:"instance_name,omitempty"`
	Type     string          `json:"stored_type,omitempty"`
	Value    json.RawMessage `json:"value,omitempty"`
	Bytes    *string         `json:"bytes,omitempty"`
	Events   *[]jsonEvent    `json:"events,omitempty"`
	Damage   string          `json:"damage,omitempty"`
}

type jsonEvent struct {
	jsonTime
	Flags     uint32      `json:"flags"`
	FlagNames string      `json:"flag_names"`
	Missed    int32       `json:"missed,omitempty"`
	Params    []jsonParam `json:"parameters"`
}

type jsonParam struct {
	PMID  string   `json:"pmid"`
	Names []string `json:"names"`
	jsonValue
}

// volumes writes the label and the records of each data volume.
func (d *jsonDumper) volumes(members []archive.Member) {
	begin := func(upTo int) {
		for len(members) > 0 && members[0].Volume <= upTo {
			d.fileHeader(members[0])
			members = members[1:]
		}
	}
	if d.has(Metrics) {
		mark := &archive.Result{}
		for rec, err := range d.r.Records(archive.RoleData) {
			begin(rec.Pos.Volume)
			switch r := rec.Record.(type) {
			case *archive.Result:
				d.record(rec, r)
			case *archive.Mark:
				mark.Stamp = r.Stamp
				d.record(rec, mark)
			default:
				d.damage(archive.Member{Path: rec.Pos.File}, rec.Pos.Offset, err)
			}
			if d.err != nil {
				return
			}
		}
	}
	begin(math.MaxInt)
}

// record writes a data record if it is selected.
func (d *jsonDumper) record(f archive.Located, res *archive.Result) {
	if res.Stamp.Before(d.o.From) && !d.o.From.IsZero() || res.Stamp.After(d.o.To) && !d.o.To.IsZero() {
		return
	}
	head := jsonHead{"result", f.Pos.File, f.Pos.Offset, f.Size}
	if len(res.Sets) == 0 {
		if d.wanted == nil || d.o.Marks {
			head.Kind = "mark"
			d.put(jsonMark{head, f.Pos.Volume, timeOf(res.Stamp)})
		}
		return
	}
	j := jsonResult{head, f.Pos.Volume, timeOf(res.Stamp), make([]jsonMetric, 0, len(res.Sets))}
	for k := range res.Sets {
		desc, _ := d.store.Desc(res.Sets[k].PMID)
		if d.wanted == nil || desc != nil && d.wanted(desc) {
			j.Metrics = append(j.Metrics, d.metric(&res.Sets[k], desc, res.Stamp))
		}
	}
	if len(j.Metrics) > 0 {
		d.put(j)
	}
}

// metric returns the object of a value set. desc may be nil.
func (d *jsonDumper) metric(s *archive.ValueSet, desc *meta.Desc, t pcp.Timestamp) jsonMetric {
	j := jsonMetric{PMID: s.PMID.String(), Names: []string{}, Values: make([]jsonValue, len(s.Values)), Error: s.Err}
	typ := pcp.TypeUnknown
	var in *meta.InDom
	if desc != nil {
		typ = desc.Type
		j.Type = typ.String()
		j.Names = append(j.Names, desc.Names...)
		if desc.InDom != pcp.InDomNull {
			in, _ = d.store.InDomAt(desc.InDom, t)
		}
	}
	if s.Err != 0 {
		j.Text = s.Err.Error()
	}
	if len(s.Values) > 0 {
		format := uint32(s.Format)
		j.Format = &format
	}
	for i := range s.Values {
		v := &s.Values[i]
		j.Values[i] = d.value(v, typ)
		if v.Inst != pcp.InstNull || desc != nil && desc.InDom != pcp.InDomNull {
			id := v.Inst
			j.Values[i].Instance = &id
			if in == nil {
				continue
			}
			if e, ok := in.Lookup(v.Inst); ok {
				j.Values[i].Name = &e.Name
			}
		}
	}
	return j
}

// value returns the object of a value of a metric of type t.
func (d *jsonDumper) value(v *history.Value, t pcp.Type) jsonValue {
	var j jsonValue
	if v.Type != t && (v.Type != pcp.TypeUnknown || t.Size() != 4) {
		j.Type = v.Type.String()
	}
	if v.Type != pcp.TypeUnknown { // a block states its own type
		t = v.Type
	}
	switch {
	case v.Type == pcp.TypeEvent || v.Type == pcp.TypeHighResEvent:
		d.events(&j, v)
	case v.Data == nil:
		j.Value = jsonNumber(t, v.Bits)
	case t == pcp.TypeString && utf8.Valid(wire.UntilNUL(v.Data)):
		j.Value, _ = json.Marshal(v.Text())
	default:
		j.Bytes = hexOf(v.Data)
	}
	return j
}

// events adds the records of an event array to j and, if the array is damaged, its bytes.
func (d *jsonDumper) events(j *jsonValue, v *history.Value) {
	events, err := v.Events()
	if err != nil {
		j.Damage = err.Error()
		j.Bytes = hexOf(v.Data)
	}
	list := make([]jsonEvent, len(events))
	j.Events = &list
	for i := range events {
		e := &events[i]
		list[i] = jsonEvent{timeOf(e.Stamp), uint32(e.Flags), eventFlags(e.Flags), e.Missed, []jsonParam{}}
		for k := range e.Params {
			p := &e.Params[k]
			param := jsonParam{PMID: p.PMID.String(), Names: []string{}, jsonValue: d.value(&p.Value, p.Value.Type)}
			if desc, ok := d.store.Desc(p.PMID); ok {
				param.Names = append(param.Names, desc.Names...)
			}
			list[i].Params = append(list[i].Params, param)
		}
	}
}

func hexOf(data []byte) *string {
	text := hex.EncodeToString(data)
	return &text
}

// jsonNumber returns a stored number of type t as JSON.
func jsonNumber(t pcp.Type, bits uint64) json.RawMessage {
	switch t {
	case pcp.Type32:
		return strconv.AppendInt(nil, int64(int32(bits)), 10)
	case pcp.Type64:
		return strconv.AppendInt(nil, int64(bits), 10)
	case pcp.TypeFloat:
		return number(float64(math.Float32frombits(uint32(bits))), 32)
	case pcp.TypeDouble:
		return number(math.Float64frombits(bits), 64)
	}
	return strconv.AppendUint(nil, bits, 10)
}

// appendShortest appends the shortest decimal that reads back as f.
func appendShortest(b []byte, f float64, bits int) []byte {
	return strconv.AppendFloat(b, f, 'g', -1, bits)
}
