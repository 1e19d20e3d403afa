package fuzz

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// FuzzRecords writes records of every kind with arbitrary fields, and requires
// that reading returns them unchanged.
func FuzzRecords(f *testing.F) {
	f.Fuzz(func(t *testing.T, v3 bool, script []byte) {
		m := maker{t: t, script: script, v: pcp.V2}
		if v3 {
			m.v = pcp.V3
		}
		base := filepath.Join(t.TempDir(), "a")
		w, err := archive.CreateRecords(base, m.v, &archive.WriteOptions{NoSync: true})
		require.NoError(t, err)
		for _, volume := range []int32{-1, 0, -2} {
			_, err = w.Write(&archive.Header{PID: m.i32(), Volume: volume, Host: "h", Zone: "UTC"})
			m.script = script // the same script for all files
			require.NoError(t, err)
		}
		want := map[archive.Role][]string{}
		add := func(role archive.Role, r archive.Record) {
			if _, err := w.Write(r); err != nil {
				require.True(t, refusal(err), "%v", err)
				return
			}
			want[role] = append(want[role], recordText(r))
		}
		// A readable archive must have a record in each file.
		add(archive.RoleMeta, &meta.Desc{PMID: 1 << 30, InDom: pcp.InDomNull, Names: []string{"z"}})
		add(archive.RoleData, &archive.Mark{Stamp: pcp.Timestamp{Sec: 1}})
		add(archive.RoleIndex, &archive.IndexEntry{Stamp: pcp.Timestamp{Sec: 1}})
		for len(m.script) > 0 && m.made < 100 {
			add(m.record())
		}
		require.NoError(t, w.Close())
		r, err := archive.Open(base, nil)
		require.NoError(t, err)
		for _, role := range []archive.Role{archive.RoleMeta, archive.RoleData, archive.RoleIndex} {
			var got []string
			for rec, err := range r.Records(role) {
				require.NoError(t, err)
				got = append(got, recordText(rec.Record))
			}
			require.Equal(t, want[role], got)
		}
	})
}

// maker creates records from a script of bytes.
type maker struct {
	t      *testing.T
	script []byte
	v      pcp.Version
	made   int
}

// take returns the next n bytes, padded with zeros after the script's end.
func (m *maker) take(n int) []byte {
	b := make([]byte, n)
	m.script = m.script[copy(b, m.script):]
	return b
}

func (m *maker) byte() byte  { return m.take(1)[0] }
func (m *maker) u32() uint32 { return binary.BigEndian.Uint32(m.take(4)) }
func (m *maker) i32() int32  { return int32(m.u32()) }
func (m *maker) u64() uint64 { return binary.BigEndian.Uint64(m.take(8)) }

// text returns a text without a NUL.
func (m *maker) text() string {
	return string(bytes.ReplaceAll(m.take(int(m.byte()%24)), []byte{0}, []byte{'0'}))
}

func (m *maker) stamp() pcp.Timestamp {
	if m.v == pcp.V2 {
		return pcp.Timestamp{Sec: int64(m.i32()), Nsec: int32(m.u32()%1e6) * 1000}
	}
	return pcp.Timestamp{Sec: int64(m.u64()), Nsec: m.i32()}
}

// record creates a record of any kind. All descriptors and instance domains
// differ, because readers reject contradictions.
func (m *maker) record() (archive.Role, archive.Record) {
	m.made++
	switch pcp.Kind(m.byte()) % pcp.NumKinds {
	case pcp.KindDesc:
		d := &meta.Desc{PMID: pcp.PMID(m.made), Type: pcp.Type(m.i32()), InDom: pcp.InDomID(m.u32()), Sem: pcp.Semantics(m.i32()), Units: pcp.UnitsFromWord(m.u32())}
		for range m.byte() % 4 {
			d.Names = append(d.Names, m.text())
		}
		return archive.RoleMeta, d
	case pcp.KindInDom:
		in := &meta.InDom{Stamp: m.stamp(), ID: pcp.InDomID(m.u32())}
		for range m.byte() % 6 {
			in.Instances = append(in.Instances, meta.Instance{ID: pcp.InstID(m.u32() >> 1), Name: m.text()})
		}
		return archive.RoleMeta, in
	case pcp.KindInDomDelta:
		in := &meta.InDomDelta{Stamp: m.stamp(), ID: pcp.InDomID(m.u32())}
		for range m.byte() % 6 {
			c := meta.Change{Instance: meta.Instance{ID: pcp.InstID(m.u32() >> 1)}, Remove: m.byte()%2 == 1}
			if !c.Remove {
				c.Name = m.text()
			}
			in.Changes = append(in.Changes, c)
		}
		return archive.RoleMeta, in
	case pcp.KindLabels:
		return archive.RoleMeta, m.labels()
	case pcp.KindText:
		types := []meta.TextType{5, 6, 9, 10}
		return archive.RoleMeta, &meta.Text{Type: types[m.byte()%4], Ident: m.u32(), Text: m.text()}
	case pcp.KindMark:
		return archive.RoleData, &archive.Mark{Stamp: m.stamp()}
	case pcp.KindIndex:
		e := &archive.IndexEntry{Stamp: m.stamp(), Volume: m.i32(), Meta: int64(m.u64()), Data: int64(m.u64())}
		if m.v == pcp.V2 {
			e.Meta, e.Data = e.Meta&(1<<32-1), e.Data&(1<<32-1)
		}
		return archive.RoleIndex, e
	}
	return archive.RoleData, m.result()
}

func (m *maker) labels() *meta.Labels {
	level := labelset.Levels[int(m.byte())%len(labelset.Levels)]
	l := &meta.Labels{Stamp: m.stamp(), Level: level, Ident: m.u32()}
	for range m.byte() % 4 {
		in := labelset.Instance{Inst: pcp.InstID(m.i32())}
		if m.byte()%8 == 0 {
			in.Err = pcp.Errno(-int32(m.byte()))
		} else {
			var pairs []labelset.Label
			for i := range m.byte() % 5 {
				pairs = append(pairs, labelset.String(fmt.Sprint("n", i), m.text()))
			}
			var err error
			in.Set, err = labelset.New(level, pairs...)
			require.NoError(m.t, err)
		}
		l.Sets = append(l.Sets, in)
	}
	return l
}

func (m *maker) result() *archive.Result {
	res := &archive.Result{Stamp: m.stamp()}
	for range 1 + m.byte()%5 {
		typ := pcp.Type(m.byte() % 11)
		s := archive.ValueSet{PMID: pcp.PMID(m.u32()), Format: archive.FormatOf(typ)}
		if n := m.byte() % 5; n == 4 {
			s.Err = pcp.Errno(m.i32() | -1<<31)
			s.Format = 0
		} else {
			for range n {
				s.Values = append(s.Values, m.value(typ))
			}
		}
		if len(s.Values) == 0 {
			s.Format = 0 // a set without values does not store its format
		}
		res.Sets = append(res.Sets, s)
	}
	return res
}

// value creates a value of any type that can be stored.
func (m *maker) value(typ pcp.Type) history.Value {
	inst := pcp.InstID(m.i32())
	switch {
	case typ == pcp.Type32 || typ == pcp.TypeU32:
		return history.WordValue(inst, m.u32())
	case typ == pcp.TypeFloat:
		return history.NumberValue(inst, typ, uint64(m.u32()))
	case typ.IsNumeric():
		return history.NumberValue(inst, typ, m.u64())
	case typ == pcp.TypeString:
		return history.StringValue(inst, m.text())
	case typ == pcp.TypeEvent || typ == pcp.TypeHighResEvent:
		return m.events(inst, typ)
	}
	return history.Value{Inst: inst, Type: typ, Data: m.take(int(m.byte() % 20))}
}

// events creates an event array and reads it back.
func (m *maker) events(inst pcp.InstID, typ pcp.Type) history.Value {
	all := []history.EventRecord{}
	for range m.byte() % 4 {
		e := history.EventRecord{Stamp: pcp.Timestamp{Sec: int64(m.i32()), Nsec: int32(m.u32()%1e6) * 1000}, Flags: history.EventFlags(m.byte() % 32)}
		if m.byte()%4 == 0 {
			e.Flags, e.Missed = history.EventMissed, m.i32()
			all = append(all, e)
			continue
		}
		e.Params = []history.EventParam{}
		for range m.byte() % 4 {
			e.Params = append(e.Params, history.EventParam{PMID: pcp.PMID(m.u32()), Value: m.param(pcp.Type(m.byte() % 9))})
		}
		all = append(all, e)
	}
	v, err := history.EventValue(inst, typ, all)
	require.NoError(m.t, err)
	got, err := v.Events()
	require.NoError(m.t, err)
	require.Equal(m.t, all, got)
	return v
}

// param creates a parameter value, which has no instance.
func (m *maker) param(typ pcp.Type) history.Value {
	v := history.Value{Inst: pcp.InstNull, Type: typ}
	switch typ.Size() {
	case 4:
		v.Bits = uint64(m.u32())
	case 8:
		v.Bits = m.u64()
	default:
		v.Data = slices.Clip(m.take(int(m.byte() % 12)))
	}
	return v
}
