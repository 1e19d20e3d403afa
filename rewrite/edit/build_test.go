package edit_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/rewrite"
	"github.com/pcparchive/pcparchive/rewrite/edit"
	"github.com/pcparchive/pcparchive/rewrite/rules"
)

const start = 1700000000

var disks = pcp.NewInDomID(29, 1)

// fixture writes an archive with all that rules change: labels of all levels, texts, an
// instance domain with deltas whose instance 2 is removed and comes back under another name,
// numbers of several types, a string, and event records.
func fixture(t testing.TB) string {
	t.Helper()
	base := filepath.Join(t.TempDir(), "rec")
	a, err := archive.Create(base, archive.Header{Host: "web1", Zone: "UTC"}, nil)
	require.NoError(t, err)
	define := func(item uint32, typ pcp.Type, indom pcp.InDomID, units pcp.Units, names ...string) {
		t.Helper()
		require.NoError(t, a.Define(&meta.Desc{PMID: pcp.NewPMID(29, 0, item), Type: typ, InDom: indom, Sem: pcp.SemInstant, Units: units, Names: names}))
	}
	define(0, pcp.Type64, disks, pcp.Units{DimSpace: 1, ScaleSpace: pcp.SpaceKbyte}, "disk.size", "disk.alias")
	define(1, pcp.TypeU32, pcp.InDomNull, pcp.Units{}, "sys.load")
	define(2, pcp.TypeString, pcp.InDomNull, pcp.Units{}, "sys.name")
	define(3, pcp.TypeEvent, pcp.InDomNull, pcp.Units{}, "sys.events")
	require.NoError(t, a.Define(&meta.Desc{PMID: pcp.NewPMID(30, 1, 0), Type: pcp.TypeDouble, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{"other.value"}}))
	at := func(n int64) pcp.Timestamp { return pcp.Timestamp{Sec: start + n} }
	label := func(level labelset.Level, ident uint32, inst pcp.InstID, pairs ...string) {
		t.Helper()
		var all []labelset.Label
		for i := 0; i < len(pairs); i += 2 {
			all = append(all, labelset.String(pairs[i], pairs[i+1]))
		}
		set, err := labelset.New(level, all...)
		require.NoError(t, err)
		require.NoError(t, a.SetLabels(&meta.Labels{Stamp: at(0), Level: level, Ident: ident, Sets: []labelset.Instance{{Inst: inst, Set: set}}}))
	}
	label(labelset.Context, meta.ContextIdent, pcp.InstNull, "hostname", "web1", "site", "a")
	label(labelset.Domain, 29, pcp.InstNull, "agent", "sample")
	label(labelset.Domain, 30, pcp.InstNull, "agent", "other")
	label(labelset.Cluster, uint32(pcp.NewPMID(29, 0, 0)), pcp.InstNull, "cluster", "zero")
	label(labelset.Item, uint32(pcp.NewPMID(29, 0, 1)), pcp.InstNull, "kind", "load")
	label(labelset.InDom, uint32(disks), pcp.InstNull, "set", "disks")
	var sets []labelset.Instance
	for id := range pcp.InstID(3) {
		set, err := labelset.New(labelset.Instances, labelset.String("bay", fmt.Sprint(id)))
		require.NoError(t, err)
		sets = append(sets, labelset.Instance{Inst: id, Set: set})
	}
	require.NoError(t, a.SetLabels(&meta.Labels{Stamp: at(0), Level: labelset.Instances, Ident: uint32(disks), Sets: sets}))
	require.NoError(t, a.SetText(&meta.Text{Type: meta.TextPMID | meta.TextOneLine, Ident: uint32(pcp.NewPMID(29, 0, 1)), Text: "Load"}))
	require.NoError(t, a.SetText(&meta.Text{Type: meta.TextInDom | meta.TextHelp, Ident: uint32(disks), Text: "Disks"}))
	param := history.EventParam{PMID: pcp.NewPMID(29, 0, 1), Value: history.WordValue(pcp.InstNull, 5)}
	for n := range int64(4) {
		instances := []meta.Instance{{ID: 0, Name: "sda"}, {ID: 1, Name: "sdb"}}
		switch n {
		case 0, 1:
			instances = append(instances, meta.Instance{ID: 2, Name: "sdc"})
		case 3:
			instances = append(instances, meta.Instance{ID: 2, Name: "nvme0"})
		}
		require.NoError(t, a.SetInDom(&meta.InDom{Stamp: at(n), ID: disks, Instances: instances}))
		res := &archive.Result{Stamp: at(n)}
		size := archive.ValueSet{PMID: pcp.NewPMID(29, 0, 0), Format: archive.Block}
		for _, in := range instances {
			size.Values = append(size.Values, history.NumberValue(in.ID, pcp.Type64, uint64(1000*int64(in.ID)+n)))
		}
		events, err := history.EventValue(pcp.InstNull, pcp.TypeEvent, []history.EventRecord{{Stamp: at(n), Params: []history.EventParam{param}}})
		require.NoError(t, err)
		res.Sets = append(res.Sets, size,
			archive.ValueSet{PMID: pcp.NewPMID(29, 0, 1), Values: []history.Value{history.WordValue(pcp.InstNull, uint32(n))}},
			archive.ValueSet{PMID: pcp.NewPMID(29, 0, 2), Format: archive.Block, Values: []history.Value{history.StringValue(pcp.InstNull, "Linux web1 6.1")}},
			archive.ValueSet{PMID: pcp.NewPMID(29, 0, 3), Format: archive.Static, Values: []history.Value{events}},
			archive.ValueSet{PMID: pcp.NewPMID(30, 1, 0), Format: archive.Block, Values: []history.Value{history.DoubleValue(pcp.InstNull, 2.75)}})
		require.NoError(t, a.Append(res))
	}
	require.NoError(t, a.Close())
	return base
}

// planOf binds rules to the fixture.
func planOf(t testing.TB, base, text string, o edit.Options) (*archive.Reader, *edit.Plan, error) {
	t.Helper()
	all, err := rules.Parse("f", text)
	require.NoError(t, err)
	r, err := archive.Open(base, nil)
	require.NoError(t, err)
	plan, err := edit.New(all, r, o)
	return r, plan, err
}

// apply applies rules to the fixture, and opens the result.
func apply(t testing.TB, text string) *archive.Reader {
	t.Helper()
	r, plan, err := planOf(t, fixture(t), text, edit.Options{})
	require.NoError(t, err)
	out := filepath.Join(t.TempDir(), "out")
	_, err = rewrite.Copy(t.Context(), out, []*archive.Reader{r}, rewrite.Options{Edit: plan})
	require.NoError(t, err)
	got, err := archive.Open(out, nil)
	require.NoError(t, err)
	return got
}

// valuesOf returns the values of a metric, step by step.
func valuesOf(t testing.TB, r *archive.Reader, metric string) (all []string) {
	t.Helper()
	for step, err := range r.Steps(history.Query{}) {
		require.NoError(t, err)
		for _, m := range step.Metrics {
			if m.Metric.Name != metric {
				continue
			}
			var parts []string
			for _, p := range m.Points {
				text := p.Value.Text()
				if v, ok := p.Value.Number(m.Metric.Desc.Type); ok {
					text = fmt.Sprint(v)
				}
				if p.Series.Inst.ID != pcp.InstNull {
					text = fmt.Sprintf("%d:%s=%s", p.Series.Inst.ID, p.Series.Inst.Name, text)
				}
				parts = append(parts, text)
			}
			all = append(all, strings.Join(parts, " "))
		}
	}
	return all
}

// labelsOf returns the labels of a level, owner by owner.
func labelsOf(r *archive.Reader, level labelset.Level) (all []string) {
	for l := range r.Meta().LevelLabels(level) {
		for _, in := range l.Sets {
			text := l.Owner()
			if in.Inst != pcp.InstNull {
				text += fmt.Sprintf("[%d]", in.Inst)
			}
			all = append(all, strings.TrimSpace(text+" "+in.Set.JSON()))
		}
	}
	return all
}
