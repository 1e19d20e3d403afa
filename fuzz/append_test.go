package fuzz

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

func FuzzAppend(f *testing.F) {
	f.Fuzz(func(t *testing.T, v3 bool, script []byte) {
		w := writer{t: t, script: script, stamp: pcp.Timestamp{Sec: 1700000000}}
		version := pcp.V2
		if v3 {
			version = pcp.V3
		}
		base := filepath.Join(t.TempDir(), "a")
		var err error
		w.a, err = archive.Create(base, archive.Header{Host: "h"}, &archive.WriteOptions{Version: version, Buffer: 4096})
		require.NoError(t, err)
		w.context(0)
		require.NoError(t, w.a.Define(metric(0))) // a reader requires a metric
		for len(w.script) > 0 && len(w.want) < 200 {
			w.step()
		}
		require.NoError(t, w.a.Close())
		if len(w.want) == 0 {
			return // the archive is removed
		}
		require.Equal(t, w.want, readBack(t, base))
	})
}

// writer executes a script of bytes and records the steps that a reader must
// find.
type writer struct {
	t      *testing.T
	a      *archive.Appender
	script []byte
	stamp  pcp.Timestamp
	in     *meta.InDom // the instance domain in force
	labels string      // the context labels in force
	want   []string
}

// next returns the next byte of the script, 0 after its end.
func (w *writer) next() byte {
	if len(w.script) == 0 {
		return 0
	}
	b := w.script[0]
	w.script = w.script[1:]
	return b
}

const domain pcp.InDomID = 7 << 22

// metric returns a metric of a type that n selects. Half of the metrics are
// singular, the others have instances.
func metric(n byte) *meta.Desc {
	d := &meta.Desc{PMID: pcp.NewPMID(7, 0, uint32(n)), Type: pcp.Type(n % 11), InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{fmt.Sprint("m", n)}}
	if n%2 == 1 {
		d.InDom = domain
	}
	return d
}

func (w *writer) step() {
	switch op := w.next(); op % 6 {
	case 0:
		w.stamp = w.stamp.Add(time.Duration(w.next()) * time.Microsecond)
		w.stamp.Sec += int64(w.next())
	case 1:
		w.domain(w.next())
	case 2:
		require.NoError(w.t, w.a.Mark(w.stamp))
		w.want = append(w.want, w.stamp.String()+" mark")
	case 3:
		w.context(w.next())
	case 4:
		text := &meta.Text{Type: meta.TextPMID | meta.TextHelp, Ident: uint32(metric(w.next() % 22).PMID), Text: "h"}
		require.NoError(w.t, w.a.SetText(text))
	default:
		w.record(int(w.next() % 5))
	}
}

// domain puts the instances of a bit mask in force at a time later than the
// last record, because a domain with the record's time would apply to the
// record, too.
func (w *writer) domain(mask byte) {
	w.stamp = w.stamp.Add(time.Microsecond)
	in := &meta.InDom{Stamp: w.stamp, ID: domain}
	for i := range pcp.InstID(8) {
		if mask>>i&1 != 0 {
			in.Instances = append(in.Instances, meta.Instance{ID: i, Name: fmt.Sprint("i", i, mask>>6)})
		}
	}
	require.NoError(w.t, w.a.SetInDom(in))
	if len(in.Instances) > 0 {
		w.in = in
	}
}

// context puts context labels in force at a time later than the last record.
func (w *writer) context(b byte) {
	w.stamp = w.stamp.Add(time.Microsecond)
	set, err := labelset.Parse(fmt.Sprintf(`{"a":%d}`, b), labelset.Context)
	require.NoError(w.t, err)
	require.NoError(w.t, w.a.SetLabels(&meta.Labels{
		Stamp: w.stamp, Level: labelset.Context, Ident: meta.ContextIdent,
		Sets: []labelset.Instance{{Inst: pcp.InstNull, Set: set}},
	}))
	w.labels = set.JSON()
}

func (w *writer) record(n int) {
	res := &archive.Result{Stamp: w.stamp}
	text := w.stamp.String()
	for range n {
		d := metric(w.next() % 22)
		require.NoError(w.t, w.a.Define(d))
		set := archive.ValueSet{PMID: d.PMID, Format: archive.FormatOf(d.Type)}
		insts := []meta.Instance{{ID: pcp.InstNull}}
		if d.InDom != pcp.InDomNull {
			insts = nil
			if w.in != nil {
				insts = w.in.Instances
			}
		}
		if w.next()%16 == 15 {
			insts = nil
		}
		for _, in := range insts {
			v := w.value(in.ID, d.Type)
			set.Values = append(set.Values, v)
			text += fmt.Sprintf(" %s[%s]=%d/%x", d.Name(), in.Name, v.Bits, v.Data)
		}
		if len(set.Values) == 0 {
			set.Err = pcp.ErrnoAgain
			text += " " + d.Name() + ": " + set.Err.Error()
		}
		text += w.labels
		res.Sets = append(res.Sets, set)
	}
	require.NoError(w.t, w.a.Append(res))
	if n == 0 {
		text += " mark"
	}
	w.want = append(w.want, text)
}

func (w *writer) value(inst pcp.InstID, typ pcp.Type) history.Value {
	b := uint64(w.next())
	switch {
	case typ == pcp.Type32 || typ == pcp.TypeU32:
		return history.WordValue(inst, uint32(b*0x01010101))
	case typ.Size() == 4:
		return history.NumberValue(inst, typ, b*0x01010101)
	case typ.IsNumeric():
		return history.NumberValue(inst, typ, b*0x0101010101010101)
	}
	if typ == pcp.TypeEvent || typ == pcp.TypeHighResEvent {
		return w.events(inst, typ, int(b%3))
	}
	n := min(int(b)%9, len(w.script))
	data := append([]byte{}, w.script[:n]...)
	w.script = w.script[n:]
	return history.Value{Inst: inst, Type: typ, Data: data}
}

// events returns an array of n event records, the last of which reports missed
// records.
func (w *writer) events(inst pcp.InstID, typ pcp.Type, n int) history.Value {
	var all []history.EventRecord
	for i := range n {
		e := history.EventRecord{Stamp: w.stamp, Flags: history.EventPoint, Params: []history.EventParam{
			{PMID: metric(1).PMID, Value: history.NumberValue(pcp.InstNull, pcp.TypeU64, uint64(w.next()))},
		}}
		if i == n-1 {
			e = history.EventRecord{Stamp: w.stamp, Flags: history.EventMissed, Missed: int32(w.next())}
		}
		all = append(all, e)
	}
	v, err := history.EventValue(inst, typ, all)
	require.NoError(w.t, err)
	return v
}

// readBack formats an archive's steps in the form that writer uses.
func readBack(t *testing.T, base string) (got []string) {
	r, err := archive.Open(base, nil)
	require.NoError(t, err)
	for step, err := range r.Steps(history.Query{}) {
		require.NoError(t, err)
		text := step.Stamp.String()
		if step.Mark {
			text += " mark"
		}
		for _, m := range step.Metrics {
			for _, p := range m.Points {
				text += fmt.Sprintf(" %s[%s]=%d/%x", m.Metric.Name, p.Series.Inst.Name, p.Value.Bits, p.Value.Data)
			}
			if m.Err != 0 {
				text += " " + m.Metric.Name + ": " + m.Err.Error()
			}
			text += m.Metric.Labels[0].JSON()
		}
		got = append(got, text)
	}
	return got
}
