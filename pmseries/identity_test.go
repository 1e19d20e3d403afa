package pmseries

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// TestKnownIdentities has IDs that PCP's own tests expect of an archive of the host
// bozo-laptop, without label records.
func TestKnownIdentities(t *testing.T) {
	host, err := labelset.New(labelset.Context, labelset.String("hostname", "bozo-laptop"))
	require.NoError(t, err)
	assert.Equal(t, "2cd6a38f9339f2dd1f0b4775bda89a9e7244def6", SourceID(host).String())
	counter := &meta.Desc{Type: pcp.TypeU64, Sem: pcp.SemCounter, Units: pcp.Units{DimCount: 1}}
	assert.Equal(t, "1440b8b8bfe69465340eb934e9086ae8212f3cff", MetricID("disk.all.read", counter, host).String())
	counter.Type = pcp.TypeU32
	assert.Equal(t, "605fc77742cd0317597291329561ac4e50c0dd12", MetricID("disk.dev.read", counter, host).String())
	assert.Equal(t, "c3795d8b757506a2901c6b08b489ba56cae7f0d4", InstanceID("sda", host).String())
	optional, err := labelset.New(labelset.Context, labelset.String("hostname", "bozo-laptop"), labelset.Label{Name: "groupid", Value: "7", Flags: labelset.Optional})
	require.NoError(t, err)
	assert.Equal(t, SourceID(host), SourceID(optional), "optional labels do not identify")
	id, ok := ParseID("605fc77742cd0317597291329561ac4e50c0dd12")
	assert.True(t, ok)
	assert.Equal(t, MetricID("disk.dev.read", counter, host), id)
	for _, bad := range []string{"", "605f", "zz5fc77742cd0317597291329561ac4e50c0dd12", "605fc77742cd0317597291329561ac4e50c0dd1200"} {
		_, ok := ParseID(bad)
		assert.False(t, ok, bad)
	}
}

// TestAllLevels has the IDs of an archive with labels of all levels, spelt out.
func TestAllLevels(t *testing.T) {
	v := viewOf(t, writeHost(t, t.TempDir(), "node88", 1))
	tables, err := v.load(context.Background())
	require.NoError(t, err)
	m := tables.byName["kernel.all.pswitch"]
	require.Len(t, m, 1)
	assert.Equal(t, sum(`{"series":"metric","name":"kernel.all.pswitch","labels":{"agent":"linux","cluster":"zero","hostname":"node88","rank":7},"semantics":"counter","type":"U64","units":"count"}`), m[0].ID)
	assert.Equal(t, sum(`{"series":"source","labels":{"hostname":"node88"}}`), m[0].Source)
	found, err := v.instancesOf(context.Background(), tables.byName["disk.dev.read_bytes"])
	require.NoError(t, err)
	require.Len(t, found, 2)
	assert.Equal(t, sum(`{"series":"instance","name":"sda","labels":{"agent":"linux","bus":"sata","device_type":"block","hostname":"node88"}}`), found[0].ID)
	assert.Equal(t, `{"agent":"linux","bus":"sata","device_type":"block","hostname":"node88","userid":1000}`, found[0].Labels.JSON())
	again, err := v.instances(context.Background(), []ID{found[1].ID, {9}})
	require.NoError(t, err)
	assert.Equal(t, "sdb", again[found[1].ID].Name)
	assert.Len(t, again, 1)
	v.x.recent = newRecent(10) // as after a restart
	again, err = v.instances(context.Background(), []ID{found[1].ID})
	require.NoError(t, err)
	assert.Equal(t, "sdb", again[found[1].ID].Name)
}
