package catalogue

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// sampleGroup returns a group of tables.
func sampleGroup() (*tables, *group) {
	t := newTables()
	h := t.host("h")
	d := &description{
		hash: sum([]byte("one")), oneLine: "one", help: "more\nabout one", sample: "a_b", native: true,
		desc:   meta.Desc{PMID: pcp.NewPMID(60, 1, 2), Type: pcp.TypeU64, InDom: pcp.NewInDomID(60, 3), Sem: pcp.SemCounter, Units: pcp.Units{DimCount: 1}, Names: []string{"a.b", "c.d"}},
		family: prom.Family{Name: "a_b", Type: prom.TypeCounter, Help: "more\nabout one"},
		series: []describedSeries{{name: "a_b", labels: []prom.Label{{Name: "hostname", Value: "h"}, {Name: "instname", Value: "sda"}}}, {name: "a_b", labels: []prom.Label{{Name: "hostname", Value: "h"}}}},
	}
	origin := &description{
		hash: sum([]byte("two")), sample: "up", desc: meta.Desc{PMID: 1, Type: pcp.Type32, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{"openmetrics.up"}},
		target: []prom.Label{{Name: "instance", Value: "i"}, {Name: "job", Value: "j"}},
		series: []describedSeries{{name: "up", labels: []prom.Label{{Name: "job", Value: "j"}}}}, unknown: true,
	}
	return t, t.addGroup(h, sum([]byte("group")), "", []*description{d, origin})
}

func never(digest) bool { return false }

// TestGroupRoundTrip stores a group and reads it into other tables.
func TestGroupRoundTrip(t *testing.T) {
	from, g := sampleGroup()
	stored := from.encodeGroup(g)
	all, err := decodeGroup(stored, never)
	require.NoError(t, err)
	to := newTables()
	again := to.addGroup(to.host("h"), g.hash, "", all)
	assert.Equal(t, stored, to.encodeGroup(again))
	require.Len(t, again.metrics, 2)
	assert.Equal(t, g.metrics[0].Desc, again.metrics[0].Desc)
	assert.Equal(t, from.index.labels, to.index.labels)
	assert.True(t, again.metrics[1].unknown)
	all, err = decodeGroup(stored, func(digest) bool { return true })
	require.NoError(t, err)
	assert.Empty(t, all[0].desc.Names, "what is known is not decoded")
	for n := range stored {
		_, err := decodeGroup(stored[:n], never)
		assert.ErrorIs(t, err, errDamaged)
	}
}

// FuzzStored reads any bytes as a group and as the head of an entry: without panic, and what
// was read as a group can be stored and read again.
func FuzzStored(f *testing.F) {
	t, g := sampleGroup()
	f.Add(t.encodeGroup(g))
	f.Add([]byte{})
	f.Add([]byte{0, 0})
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0x0f})
	f.Fuzz(func(t *testing.T, stored []byte) {
		head := newDecoder(stored, nil)
		head.head(&entryHead{})
		all, err := decodeGroup(stored, never)
		if err != nil {
			require.ErrorIs(t, err, errDamaged)
			return
		}
		tables := newTables()
		again := tables.addGroup(tables.host("h"), digest{}, "", all)
		_, err = decodeGroup(tables.encodeGroup(again), never)
		require.NoError(t, err)
	})
}

// FuzzOutline reads any bytes as an outline: without panic, and what was read can be stored
// and read again.
func FuzzOutline(f *testing.F) {
	_, g := sampleGroup()
	o := &Outline{LabelNames: []string{"__name__", "hostname"}, Values: []string{"a", "b"}, Unsure: []string{"up"}, Clashes: []string{"both"}, Series: 3}
	for _, m := range g.metrics {
		o.Metrics = append(o.Metrics, HostMetric{"h", m, 2})
	}
	f.Add(encodeOutline(sum([]byte("state")), o, true))
	f.Add(encodeOutline(digest{}, &Outline{}, false))
	f.Fuzz(func(t *testing.T, b []byte) {
		first, err := decodeOutline(b)
		if err != nil {
			return
		}
		second, err := decodeOutline(encodeOutline(digest(b[:len(digest{})]), first, true))
		require.NoError(t, err)
		require.Equal(t, first, second)
	})
}
