package archtest

import (
	"bytes"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/pcp"
)

// steps reads the joined view and expects everything except the rejected
// record.
func (vec *Vector) steps(t *testing.T, v pcp.Version, p placed) {
	r, err := archive.Open(p.base, nil)
	if vec.Expect["reader"] == "refuses all" {
		require.ErrorIs(t, err, vec.cause(t))
		return
	}
	require.NoError(t, err)
	var values, marks int
	var last pcp.Timestamp
	record := vec.result(t, v)
	for step, err := range r.Steps(history.Query{}) {
		require.NoError(t, err)
		if record != nil && step.Stamp == record.Stamp {
			assert.Equal(t, valuesOf(record, r), pointsOf(step))
		}
		if len(step.Metrics) == 0 {
			marks++
			continue
		}
		values++
		last = step.Stamp
	}
	if vec.Expect["follows"] != "nothing" && p.role == archive.RoleData {
		assert.Equal(t, stampAt(10, 0), last, "the result behind the vector")
	}
	if p.role == archive.RoleMeta && vec.Expect["follows"] != "nothing" {
		_, ok := r.Meta().Lookup("x.last")
		assert.True(t, ok, "the metric behind the vector")
	}
	switch {
	case p.role != archive.RoleData || vec.isLabel():
		assert.Equal(t, []int{2, 0}, []int{values, marks})
	case vec.isFrame() && !vec.accepted() && vec.Expect["follows"] != "nothing":
		assert.Equal(t, []int{2, 1}, []int{values, marks}, "a mark in its place")
	case vec.isFrame() && !vec.accepted():
		assert.Equal(t, 1, values)
	case vec.Expect["steps"] == "nothing":
		assert.Equal(t, []int{2, 0}, []int{values, marks})
	default:
		assert.Equal(t, 3, values+marks)
	}
	if vec.isFrame() && !vec.accepted() || vec.warned() {
		require.Len(t, r.Warnings(), 1)
		assert.ErrorIs(t, r.Warnings()[0], vec.cause(t))
		return
	}
	assert.Empty(t, r.Warnings())
}

// result returns the vector as a data record, nil if it is not one.
func (vec *Vector) result(t *testing.T, v pcp.Version) *archive.Result {
	if !vec.accepted() || vec.Expect["file"] != "volume" {
		return nil
	}
	d, err := archive.NewResultDecoder(v)
	require.NoError(t, err)
	res, err := d.Decode(vec.framed(t))
	require.NoError(t, err)
	return res
}

// valuesOf returns the values of a record that steps must contain.
func valuesOf(res *archive.Result, r *archive.Reader) (all []string) {
	for _, s := range res.Sets {
		if _, ok := r.Meta().Desc(s.PMID); !ok {
			continue
		}
		for _, v := range s.Values {
			all = append(all, fmt.Sprintf("%s[%d] %s %d %x", s.PMID, v.Inst, v.Type, v.Bits, v.Data))
		}
	}
	return all
}

// pointsOf returns the values of a step in the same form.
func pointsOf(step *history.Step) (all []string) {
	for _, m := range step.Metrics {
		for _, p := range m.Points {
			all = append(all, fmt.Sprintf("%s[%d] %s %d %x", m.Metric.Desc.PMID, p.Series.Inst.ID, p.Value.Type, p.Value.Bits, p.Value.Data))
		}
	}
	return all
}

// roundTrip reads the vector and writes it again.
func (vec *Vector) roundTrip(t *testing.T, v pcp.Version, p placed) {
	if !vec.accepted() {
		return
	}
	if vec.isLabel() {
		h, err := archive.DecodeHeader(vec.framed(t))
		require.NoError(t, err)
		again := labelBytes(t, v, h)
		assert.Equal(t, vec.Expect["writer"] == "same bytes", bytes.Equal(vec.Bytes, again), "%x\n%x", vec.Bytes, again)
		return
	}
	r, err := archive.Open(p.base, nil)
	require.NoError(t, err)
	for rec, err := range r.Records(p.role) {
		require.NoError(t, err)
		if rec.Pos.Offset != p.begin {
			continue
		}
		if vec.Expect["writer"] == "refuses" {
			w, err := archive.CreateRecords(filepath.Join(t.TempDir(), "a"), v, &archive.WriteOptions{NoSync: true})
			require.NoError(t, err)
			_, err = w.Write(&archive.Header{Volume: wire.VolumeIndex})
			require.NoError(t, err)
			_, err = w.Write(rec.Record)
			require.ErrorIs(t, err, pcp.ErrRange)
			require.NoError(t, w.Close())
			return
		}
		var again []byte
		if vec.isArray() {
			value := rec.Record.(*archive.Result).Sets[0].Values[0]
			events, err := value.Events()
			require.NoError(t, err)
			value, err = history.EventValue(pcp.InstNull, value.Type, events)
			require.NoError(t, err)
			again = value.Data
		} else {
			again = encoded(t, v, p.role, rec.Record)
		}
		assert.Equal(t, vec.Expect["writer"] == "same bytes", bytes.Equal(vec.Bytes, again), "%x\n%x", vec.Bytes, again)
		return
	}
	require.FailNow(t, "no record")
}
