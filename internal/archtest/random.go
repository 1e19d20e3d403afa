package archtest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// RandomOptions configure random archives.
type RandomOptions struct {
	Version pcp.Version // zero selects either version at random
	Text    bool        // adds string metrics
	Twins   bool        // adds instances that share a name
	Gaps    bool        // adds records that lack instances
	// Start is the time before the first record; zero means [Start].
	Start pcp.Timestamp
	Host  string // of the label; "" means that of [Header]
	Apart bool   // keeps the names of metrics apart in Prometheus, too
}

// Random writes a random archive at base that depends only on seed. It has
// metrics of all kinds, instance domains whose instances come, go and hand
// their names and numbers to others, changing labels of all levels, errors and
// marks.
func Random(t testing.TB, base string, seed uint64, o RandomOptions) {
	t.Helper()
	r := &random{t: t, Rand: rand.New(rand.NewPCG(seed, 0)), o: o, now: Start}
	if !o.Start.IsZero() {
		r.now = o.Start
	}
	if o.Version == 0 {
		o.Version = Versions[r.IntN(len(Versions))]
	}
	var err error
	header := Header
	if o.Host != "" {
		header.Host = o.Host
	}
	r.a, err = archive.Create(base, header, &archive.WriteOptions{Version: o.Version, NoSync: true})
	require.NoError(t, err)
	r.define()
	for range 3 + r.IntN(25) {
		r.step()
	}
	require.NoError(t, r.a.Close())
}

type random struct {
	*rand.Rand
	t       testing.TB
	a       *archive.Appender
	o       RandomOptions
	now     pcp.Timestamp
	metrics []*meta.Desc
	indoms  map[pcp.InDomID][]meta.Instance
}

// one returns true once in n times on average.
func (r *random) one(n int) bool { return r.IntN(n) == 0 }

// pick returns one of its arguments.
func pick[T any](r *random, of ...T) T { return of[r.IntN(len(of))] }

func (r *random) define() {
	r.indoms = map[pcp.InDomID][]meta.Instance{}
	types := []pcp.Type{pcp.Type32, pcp.TypeU32, pcp.Type64, pcp.TypeU64, pcp.TypeFloat, pcp.TypeDouble}
	if r.o.Text {
		types = append(types, pcp.TypeString)
	}
	for i := range 1 + r.IntN(6) {
		d := &meta.Desc{
			PMID: pcp.NewPMID(pick[uint32](r, 60, 61), pick[uint32](r, 1, 2), uint32(i)), Type: pick(r, types...),
			Sem: pick(r, pcp.SemCounter, pcp.SemInstant, pcp.SemDiscrete), InDom: pcp.InDomNull,
			Units: pick(r, pcp.Units{}, pcp.Units{DimCount: 1}, pcp.Units{DimSpace: 1, ScaleSpace: pcp.SpaceKbyte, DimTime: -1, ScaleTime: pcp.TimeSec}),
			// Dots and underscores give some metrics the same name in
			// Prometheus.
			Names: []string{fmt.Sprintf("random%sd%d%sm%d", pick(r, ".", "_"), i/2, pick(r, ".", "_"), i%2)},
		}
		if r.one(3) {
			d.Names[0] = "random." + pick(r, "a_b", "a.b") + fmt.Sprint(i)
		}
		if r.o.Apart {
			d.Names[0] = strings.ReplaceAll(d.Names[0], "_", ".")
		}
		if !r.one(3) {
			d.InDom = pcp.NewInDomID(d.PMID.Domain(), pick[uint32](r, 1, 2))
			r.indoms[d.InDom] = nil
		}
		require.NoError(r.t, r.a.Define(d))
		r.metrics = append(r.metrics, d)
		for _, typ := range []meta.TextType{meta.TextOneLine, meta.TextHelp} {
			if r.one(2) {
				text := pick(r, "short", "two\nlines", `"quotes" and \ others`)
				require.NoError(r.t, r.a.SetText(&meta.Text{Type: meta.TextPMID | typ, Ident: uint32(d.PMID), Text: text}))
			}
		}
	}
	for _, d := range r.metrics {
		if d.InDom != pcp.InDomNull && r.indoms[d.InDom] == nil {
			r.instances(d.InDom)
		}
		r.labels(d)
	}
}

// instances changes an instance domain.
func (r *random) instances(id pcp.InDomID) {
	all := slices.Clone(r.indoms[id])
	if len(all) > 1 && r.one(2) {
		i := r.IntN(len(all))
		all = slices.Delete(all, i, i+1)
	}
	for range 3 {
		inst := meta.Instance{ID: pcp.InstID(r.IntN(6)), Name: pick(r, "sda", "sdb", "cpu 0", `od"d`, "käfer")}
		if !slices.ContainsFunc(all, func(other meta.Instance) bool {
			return other.ID == inst.ID || other.Name == inst.Name && !r.o.Twins
		}) {
			all = append(all, inst)
		}
	}
	slices.SortFunc(all, func(a, b meta.Instance) int { return int(a.ID - b.ID) })
	r.indoms[id] = all
	require.NoError(r.t, r.a.SetInDom(&meta.InDom{Stamp: r.now, ID: id, Instances: all}))
}

// labels changes the labels of one of a metric's levels.
func (r *random) labels(d *meta.Desc) {
	level := labelset.Levels[r.IntN(len(labelset.Levels))]
	if d.InDom == pcp.InDomNull && (level == labelset.InDom || level == labelset.Instances) {
		return
	}
	l := &meta.Labels{Stamp: r.now, Level: level, Ident: history.LabelIdent(level, d)}
	if level == labelset.Instances {
		for _, inst := range r.indoms[d.InDom] {
			l.Sets = append(l.Sets, labelset.Instance{Inst: inst.ID, Set: r.set(level)})
		}
	} else {
		l.Sets = []labelset.Instance{{Inst: pcp.InstNull, Set: r.set(level)}}
	}
	require.NoError(r.t, r.a.SetLabels(l))
}

func (r *random) set(level labelset.Level) labelset.Set {
	var all []labelset.Label
	if level == labelset.Context && !r.one(3) {
		all = append(all, labelset.String("hostname", Header.Host))
	}
	for range r.IntN(4) {
		l := labelset.Label{Name: pick(r, "a", "b", "c", "a_b", "a.b", "A"), Value: pick(r, `"x"`, `"y"`, `"x y"`, `"q\"\\\n"`, `"ü"`, `""`, "1", "2.50", "true", "null")}
		if r.one(4) {
			l.Flags = labelset.Optional
		}
		all = append(all, l)
	}
	set, err := labelset.New(level, all...)
	require.NoError(r.t, err)
	return set
}

// step writes the changes and values of one time.
func (r *random) step() {
	r.now = r.now.Add(pick(r, time.Millisecond, 17*time.Millisecond, time.Second, time.Hour))
	if r.one(20) {
		require.NoError(r.t, r.a.Mark(r.now))
		return
	}
	for _, d := range r.metrics {
		if r.one(12) {
			r.labels(d)
		}
		if d.InDom != pcp.InDomNull && r.one(12) {
			r.instances(d.InDom)
		}
	}
	res := &archive.Result{Stamp: r.now}
	for _, d := range r.metrics {
		if r.one(4) {
			continue
		}
		set := archive.ValueSet{PMID: d.PMID, Format: archive.FormatOf(d.Type)}
		insts := []meta.Instance{{ID: pcp.InstNull}}
		if d.InDom != pcp.InDomNull {
			insts = r.indoms[d.InDom]
		}
		switch {
		case r.one(20):
			set.Err = pcp.ErrnoAgain
		case r.o.Gaps && r.one(20):
		default:
			for _, inst := range insts {
				if !r.o.Gaps || !r.one(8) {
					set.Values = append(set.Values, r.value(inst.ID, d.Type))
				}
			}
		}
		res.Sets = append(res.Sets, set)
	}
	if len(res.Sets) > 0 { // a result without sets would be a mark
		require.NoError(r.t, r.a.Append(res))
	}
}

func (r *random) value(inst pcp.InstID, typ pcp.Type) history.Value {
	bits := pick(r, 0, 1, 7, uint64(r.IntN(1<<20)), 1<<53+1, math.MaxUint64, math.MaxUint64-1, 1<<63, math.MaxInt64, r.Uint64())
	float := pick(r, 0, math.Copysign(0, -1), 1, 1./3, r.NormFloat64(), math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64)
	switch typ {
	case pcp.Type32, pcp.TypeU32:
		return history.WordValue(inst, uint32(bits))
	case pcp.TypeFloat:
		return history.NumberValue(inst, typ, uint64(math.Float32bits(float32(float))))
	case pcp.TypeDouble:
		return history.DoubleValue(inst, float)
	case pcp.TypeString:
		return history.StringValue(inst, pick(r, "", "one", "two words", "three\nlines", `qu"ote`, "ü"))
	}
	return history.NumberValue(inst, typ, bits)
}
