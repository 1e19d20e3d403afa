package dump

import (
	"encoding/json"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/safetext"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

type jsonHeader struct {
	jsonHead
	Version  int      `json:"version"`
	PID      int32    `json:"pid"`
	Start    jsonTime `json:"start"`
	Volume   int32    `json:"volume"`
	Features uint32   `json:"features"`
	Host     string   `json:"host"`
	Zone     string   `json:"timezone"`
	ZoneInfo string   `json:"zoneinfo"`
}

type jsonDesc struct {
	jsonHead
	PMID      string    `json:"pmid"`
	Names     []string  `json:"names"`
	Type      string    `json:"type"`
	InDom     *string   `json:"indom"`
	Semantics string    `json:"semantics"`
	Units     string    `json:"units"`
	UnitWord  jsonUnits `json:"unit_fields"`
}

type jsonUnits struct {
	DimSpace   int8  `json:"dim_space"`
	DimTime    int8  `json:"dim_time"`
	DimCount   int8  `json:"dim_count"`
	ScaleSpace uint8 `json:"scale_space"`
	ScaleTime  uint8 `json:"scale_time"`
	ScaleCount int8  `json:"scale_count"`
	ExtraUnit  int8  `json:"extra_unit"`
	ExtraScale uint8 `json:"extra_scale"`
}

type jsonInDom struct {
	jsonHead
	jsonTime
	InDom     string         `json:"indom"`
	Instances []jsonInstance `json:"instances"`
}

type jsonInstance struct {
	ID      pcp.InstID `json:"id"`
	Name    string     `json:"name,omitempty"`
	Removed bool       `json:"removed,omitempty"`
}

type jsonLabels struct {
	jsonHead
	jsonTime
	Level string         `json:"level"`
	Ident uint32         `json:"ident"`
	Of    string         `json:"of"`
	Sets  []jsonLabelSet `json:"sets"`
}

type jsonLabelSet struct {
	Instance *pcp.InstID       `json:"instance,omitempty"`
	JSON     string            `json:"json"`
	Error    pcp.Errno         `json:"error,omitempty"`
	Invalid  string            `json:"invalid,omitempty"`
	Labels   []jsonLabel       `json:"labels"`
	Stored   []jsonStoredLabel `json:"stored"`
}

type jsonLabel struct {
	Name     string          `json:"name"`
	Value    json.RawMessage `json:"value"`
	Compound bool            `json:"compound,omitempty"`
	Optional bool            `json:"optional,omitempty"`
}

type jsonStoredLabel struct {
	NameOffset  int    `json:"name_offset"`
	NameLength  int    `json:"name_length"`
	ValueOffset int    `json:"value_offset"`
	ValueLength int    `json:"value_length"`
	Flags       uint8  `json:"flags"`
	FlagNames   string `json:"flag_names"`
}

type jsonText struct {
	jsonHead
	Type  string `json:"type"`
	Ident uint32 `json:"ident"`
	Of    string `json:"of"`
	Text  string `json:"text"`
}

type jsonIndex struct {
	jsonHead
	jsonTime
	Volume int32 `json:"volume"`
	Meta   int64 `json:"meta_offset"`
	Data   int64 `json:"data_offset"`
}

// meta writes the label and the records of the metadata file.
func (d *jsonDumper) meta(m archive.Member) {
	d.fileHeader(m)
	for rec, err := range d.r.Records(archive.RoleMeta) {
		if err != nil {
			d.damage(m, rec.Pos.Offset, err)
			continue
		}
		d.metaRecord(jsonHead{File: m.Path, Offset: rec.Pos.Offset, Size: rec.Size}, rec.Record)
		if d.err != nil {
			return
		}
	}
}

// header writes a label record.
func (d *jsonDumper) header(head jsonHead, payload []byte) {
	h, err := archive.DecodeHeader(payload)
	if err != nil || !d.has(Label|LabelDetails) {
		return // opening the archive has reported a damaged label
	}
	head.Kind = h.Kind().String()
	d.put(jsonHeader{head, int(h.Version), h.PID, timeOf(h.Start), h.Volume, h.Features, h.Host, h.Zone, h.ZoneInfo})
}

func (d *jsonDumper) metaRecord(head jsonHead, rec archive.Record) {
	head.Kind = rec.Kind().String()
	switch rec := rec.(type) {
	case *meta.Desc:
		if d.has(Descs) && (d.wanted == nil || d.wanted(rec)) {
			d.put(descOf(head, rec))
		}
	case *meta.InDom:
		if d.has(DiskInDoms | InDoms) {
			d.put(inDomOf(head, rec))
		}
	case *meta.InDomDelta:
		if d.has(DiskInDoms | InDoms) {
			d.put(deltaOf(head, rec))
		}
	case *meta.Labels:
		if d.has(LabelSets) {
			d.put(labelsOf(head, rec))
		}
	case *meta.Text:
		if d.has(HelpText) {
			d.put(jsonText{head, rec.Type.String(), rec.Ident, textSubject(rec), rec.Text})
		}
	}
}

func descOf(head jsonHead, desc *meta.Desc) jsonDesc {
	u := desc.Units
	j := jsonDesc{
		jsonHead: head, PMID: desc.PMID.String(), Names: desc.Names, Type: desc.Type.String(),
		Semantics: desc.Sem.String(), Units: u.String(),
		UnitWord: jsonUnits{u.DimSpace, u.DimTime, u.DimCount, u.ScaleSpace, u.ScaleTime, u.ScaleCount, u.ExtraUnit, u.ExtraScale},
	}
	if desc.InDom != pcp.InDomNull {
		name := desc.InDom.String()
		j.InDom = &name
	}
	if j.Names == nil {
		j.Names = []string{}
	}
	return j
}

func inDomOf(head jsonHead, in *meta.InDom) jsonInDom {
	j := jsonInDom{head, timeOf(in.Stamp), in.ID.String(), make([]jsonInstance, len(in.Instances))}
	for i, e := range in.Instances {
		j.Instances[i] = jsonInstance{ID: e.ID, Name: e.Name}
	}
	return j
}

func deltaOf(head jsonHead, dl *meta.InDomDelta) jsonInDom {
	j := jsonInDom{head, timeOf(dl.Stamp), dl.ID.String(), make([]jsonInstance, len(dl.Changes))}
	for i, c := range dl.Changes {
		j.Instances[i] = jsonInstance{c.ID, c.Name, c.Remove}
	}
	return j
}

func labelsOf(head jsonHead, l *meta.Labels) jsonLabels {
	j := jsonLabels{head, timeOf(l.Stamp), l.Level.String(), l.Ident, labelSubject(l), []jsonLabelSet{}}
	for _, in := range l.Sets {
		set := jsonLabelSet{JSON: in.Set.JSON(), Error: in.Err, Labels: []jsonLabel{}, Stored: []jsonStoredLabel{}}
		if l.Level == labelset.Instances || in.Inst != pcp.InstNull {
			set.Instance = &in.Inst
		}
		if err := in.Set.Invalid(); err != nil {
			set.Invalid = err.Error()
		}
		for e := range in.Set.All() {
			value := json.RawMessage(e.Value)
			if !json.Valid(value) {
				value, _ = safetext.MarshalHTML(e.Value)
			}
			set.Labels = append(set.Labels, jsonLabel{e.Name, value, e.Flags&labelset.Compound != 0, e.Flags&labelset.Optional != 0})
		}
		for _, e := range in.Set.Stored() {
			set.Stored = append(set.Stored, jsonStoredLabel{
				e.NameOffset, e.NameLength, e.ValueOffset, e.ValueLength, e.Flags, labelFlags(e.Flags),
			})
		}
		j.Sets = append(j.Sets, set)
	}
	return j
}

// textSubject names the metric or instance domain of a help text.
func textSubject(t *meta.Text) string {
	if t.Type&meta.TextInDom != 0 {
		return pcp.InDomID(t.Ident).String()
	}
	return pcp.PMID(t.Ident).String()
}

// index writes the label and the entries of the index file.
func (d *jsonDumper) index(m archive.Member) {
	size := archive.IndexEntrySize(d.r.Header().Version)
	at := archive.HeaderSize(d.r.Header().Version)
	d.fileHeader(m)
	for _, err := range d.r.Warnings() {
		if damage := damageOf(err); damage != nil && damage.File == m.Path {
			d.damage(m, damage.Offset, damage)
		}
	}
	if !d.has(Index) {
		return
	}
	for _, e := range d.r.Index() {
		head := jsonHead{e.Kind().String(), m.Path, at, size}
		d.put(jsonIndex{head, timeOf(e.Stamp), e.Volume, e.Meta, e.Data})
		at += size
	}
}

// fileHeader writes the label record of a file.
func (d *jsonDumper) fileHeader(m archive.Member) {
	size := archive.HeaderSize(d.r.Header().Version)
	src, err := openSource(m)
	if err != nil {
		d.damage(m, 0, err)
		return
	}
	defer src.Close()
	raw := make([]byte, size)
	if _, err := src.ReadAt(raw, 0); err == nil {
		d.header(jsonHead{File: m.Path, Size: size}, raw[4:size-4])
	}
}
