package archive_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// TestIndexRule checks that index entries point to the first record, to a
// record with a changed instance domain, to one after 100000 bytes and to the
// last, and that no two have the same stamp.
func TestIndexRule(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		a, base := create(t, v)
		domain := func(sec int64, name string) {
			require.NoError(t, a.SetInDom(&meta.InDom{Stamp: at(sec), ID: archtest.Domain, Instances: []meta.Instance{{ID: 1, Name: name}}}))
		}
		long := func(sec int64) {
			text := history.StringValue(pcp.InstNull, string(make([]byte, 60000)))
			require.NoError(t, a.Append(&archive.Result{Stamp: at(sec), Sets: []archive.ValueSet{
				{PMID: archtest.Release.PMID, Format: archive.Block, Values: []history.Value{text}},
			}}))
		}
		for _, d := range []*meta.Desc{archtest.Count, archtest.Load, archtest.Release} {
			require.NoError(t, a.Define(d))
		}
		require.NoError(t, a.Append(count(1, 1))) // first: indexed
		require.NoError(t, a.Append(count(2, 1)))
		domain(3, "a")
		require.NoError(t, a.Append(count(3, 1))) // indexed
		domain(4, "a")                            // unchanged
		require.NoError(t, a.Append(count(4, 1)))
		domain(5, "b")
		require.NoError(t, a.Append(count(5, 1))) // indexed
		domain(5, "c")
		require.NoError(t, a.Append(count(5, 1))) // not again
		long(6)
		long(7)
		long(8) // 120000 bytes after the entry at 5: indexed
		long(9)
		require.NoError(t, a.Mark(at(10))) // last: indexed
		require.NoError(t, a.Close())

		r, err := archive.Open(base, nil)
		require.NoError(t, err)
		var stamps []int64
		for rec, err := range r.Records(archive.RoleIndex) {
			require.NoError(t, err)
			stamps = append(stamps, rec.Record.(*archive.IndexEntry).Stamp.Sec)
		}
		assert.Equal(t, []int64{1, 3, 5, 8, 10}, stamps)
		indexIsTrue(t, r)
		assert.Equal(t, oracle.Result{}, oracle.Exec(t, "pmlogcheck", base))
	})
}

// indexIsTrue checks that every entry points to the record of its time, and to
// a metadata record or the end of the metadata.
func indexIsTrue(t *testing.T, r *archive.Reader) {
	places := map[int64]pcp.Timestamp{}
	for rec, err := range r.Records(archive.RoleData) {
		require.NoError(t, err)
		switch rec.Record.(type) {
		case *archive.Mark:
			places[rec.Pos.Offset] = rec.Record.(*archive.Mark).Stamp
		case *archive.Result:
			places[rec.Pos.Offset] = rec.Record.(*archive.Result).Stamp
		}
	}
	metaPlaces := map[int64]bool{r.Members()[0].Size: true}
	for rec, err := range r.Records(archive.RoleMeta) {
		require.NoError(t, err)
		metaPlaces[rec.Pos.Offset] = true
	}
	for _, e := range r.Index() {
		assert.Equal(t, e.Stamp, places[e.Data], "data offset %d", e.Data)
		assert.True(t, metaPlaces[e.Meta], "metadata offset %d", e.Meta)
		assert.Zero(t, e.Volume)
	}
}

func TestOneRecordOneEntry(t *testing.T) {
	a, base := create(t, pcp.V3)
	require.NoError(t, a.Define(archtest.Count))
	require.NoError(t, a.Append(count(1, 1)))
	require.NoError(t, a.Append(count(1, 2)))
	require.NoError(t, a.Close())
	r, err := archive.Open(base, nil)
	require.NoError(t, err)
	assert.Len(t, r.Index(), 1)
}

// TestIndexNeverGoesBack rebuilds the index of an archive in which the clock
// was set back. It must ascend, because readers search it.
func TestIndexNeverGoesBack(t *testing.T) {
	x := archive.NewIndexMaker(100)
	for i, sec := range []int64{5, 3, 4, 6} {
		x.Data(at(sec), int32(i), 132)
	}
	var secs []int64
	for _, e := range x.Finish(200) {
		secs = append(secs, e.Stamp.Sec)
	}
	assert.Equal(t, []int64{5, 6}, secs)
}
