package pcp_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/pcp"
)

func TestPMID(t *testing.T) {
	for _, tt := range []struct {
		id                    pcp.PMID
		domain, cluster, item uint32
		text                  string
	}{
		{0x3d400001, 245, 0, 1, "245.0.1"},
		{pcp.NewPMID(60, 4095, 1023), 60, 4095, 1023, "60.4095.1023"},
		{pcp.NewPMID(511, 29, 0), 511, 29, 0, "29.*.*"},
		{pcp.NewPMID(511, 2048, 5), 511, 2048, 5, "511.2048.5"},
		{pcp.PMIDNull, 511, 4095, 1023, "PM_ID_NULL"},
	} {
		t.Run(tt.text, func(t *testing.T) {
			assert.Equal(t, []uint32{tt.domain, tt.cluster, tt.item}, []uint32{tt.id.Domain(), tt.id.Cluster(), tt.id.Item()})
			assert.Equal(t, tt.text, tt.id.String())
			assert.Zero(t, tt.id.ClusterID().Item())
		})
	}
	assert.Equal(t, pcp.NewPMID(0, 0, 0), pcp.NewPMID(512, 4096, 1024), "NewPMID drops bits that do not fit")
}

func TestInDomID(t *testing.T) {
	id := pcp.NewInDomID(60, 1<<22-1)
	assert.Equal(t, "60.4194303", id.String())
	assert.Equal(t, uint32(60), id.Domain())
	assert.Equal(t, uint32(1<<22-1), id.Serial())
	assert.Equal(t, "PM_INDOM_NULL", pcp.InDomNull.String())
}

func TestTypes(t *testing.T) {
	for _, tt := range []struct {
		typ     pcp.Type
		text    string
		size    int
		numeric bool
	}{
		{pcp.TypeNoSupport, "not supported", 0, false}, {pcp.Type32, "32", 4, true}, {pcp.TypeU32, "u32", 4, true},
		{pcp.Type64, "64", 8, true}, {pcp.TypeU64, "u64", 8, true}, {pcp.TypeFloat, "float", 4, true},
		{pcp.TypeDouble, "double", 8, true}, {pcp.TypeString, "string", 0, false}, {pcp.TypeAggregate, "aggregate", 0, false},
		{pcp.TypeAggregateStatic, "static aggregate", 0, false}, {pcp.TypeEvent, "event", 0, false},
		{pcp.TypeHighResEvent, "highres event", 0, false}, {pcp.TypeUnknown, "unknown", 0, false}, {11, "type 11", 0, false},
		{-2, "type -2", 0, false},
	} {
		assert.Equal(t, tt.text, tt.typ.String())
		assert.Equal(t, tt.size, tt.typ.Size(), tt.text)
		assert.Equal(t, tt.numeric, tt.typ.IsNumeric(), tt.text)
	}
}

func TestSmallNames(t *testing.T) {
	assert.Equal(t, "counter", pcp.SemCounter.String())
	assert.Equal(t, "instant", pcp.SemInstant.String())
	assert.Equal(t, "discrete", pcp.SemDiscrete.String())
	assert.Equal(t, "semantics 2", pcp.Semantics(2).String())
	seen := map[string]bool{}
	for k := range pcp.NumKinds {
		assert.NotEmpty(t, k.String())
		assert.False(t, seen[k.String()], "two kinds are named %s", k)
		seen[k.String()] = true
	}
	assert.Equal(t, "unknown kind", pcp.KindNone.String())
	assert.Equal(t, "kind 10", pcp.Kind(10).String())
}

func TestVersion(t *testing.T) {
	for text, want := range map[string]pcp.Version{"2": pcp.V2, "v2": pcp.V2, "3": pcp.V3, "v3": pcp.V3} {
		var v pcp.Version
		require.NoError(t, v.Set(text))
		assert.Equal(t, want, v)
	}
	var v pcp.Version
	assert.EqualError(t, v.Set("1"), `archive version "1": want 2 or 3`)
	assert.Equal(t, "version", v.Type())
	assert.Equal(t, "v3", pcp.V3.String())
}

func TestFormatError(t *testing.T) {
	for _, tt := range []struct {
		want string
		err  pcp.FormatError
	}{
		{"offset 0: label record: not a PCP archive", pcp.FormatError{Err: pcp.ErrNotArchive}},
		{
			"host.meta: offset 1432: indom record: instance count: 9000000 exceeds record: value out of range",
			pcp.FormatError{File: "host.meta", Kind: pcp.KindInDom, Offset: 1432, Field: "instance count", Detail: "9000000 exceeds record", Err: pcp.ErrRange},
		},
		{"a.0: offset 132: record: length 3: value out of range", pcp.FormatError{File: "a.0", Kind: pcp.KindNone, Offset: 132, Detail: "length 3", Err: pcp.ErrRange}},
	} {
		assert.EqualError(t, &tt.err, tt.want)
		assert.True(t, errors.Is(&tt.err, tt.err.Err))
	}
}
