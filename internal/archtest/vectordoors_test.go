package archtest

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/pcp"
)

// TestVectors reads each vector in every way that the module offers.
func TestVectors(t *testing.T) {
	for _, name := range VectorNames(t) {
		vec := LoadVector(t, name)
		for _, v := range vec.Versions() {
			t.Run(name+" in "+v.String(), func(t *testing.T) {
				p := vec.place(t, v)
				vec.frames(t)
				vec.decode(t, v)
				vec.records(t, p)
				vec.strict(t, p)
				vec.steps(t, v, p)
				vec.roundTrip(t, v, p)
				assert.Equal(t, vec.JSON, vec.dump(t, p), "dump")
				assert.Equal(t, vec.Expect["check"], p.check(), "check")
			})
		}
	}
}

// accepted reports whether readers yield the record.
func (vec *Vector) accepted() bool { return vec.Expect["reader"] == "accepts" || vec.warned() }

// warned reports whether readers yield the record with a warning.
func (vec *Vector) warned() bool { return vec.Expect["reader"] == "warns" }

// dropped reports whether readers skip the vector silently.
func (vec *Vector) dropped() bool { return vec.Expect["reader"] == "drops" }

// cause returns the expected error.
func (vec *Vector) cause(t *testing.T) error {
	err, ok := causes[vec.Expect["error"]]
	require.True(t, ok, "error %q", vec.Expect["error"])
	return err
}

// frameCause returns the error expected from a reader of frames.
func (vec *Vector) frameCause(t *testing.T) error {
	if err, ok := causes[vec.Expect["frames"]]; ok {
		return err
	}
	return vec.cause(t)
}

// isFrame reports whether the vector has length words.
func (vec *Vector) isFrame() bool {
	return vec.Expect["file"] == "metadata" || vec.Expect["file"] == "volume" || vec.isLabel()
}

// isArray reports whether the vector is the content of an event array.
func (vec *Vector) isArray() bool { return arrayTypes[vec.Expect["file"]] != 0 }

// frames reads the bytes as a separate file, at once and byte by byte.
func (vec *Vector) frames(t *testing.T) {
	if !vec.isFrame() {
		return
	}
	want := vec.framed(t)
	pos := archive.Pos{File: "vector"}
	for f, err := range archive.Frames(iotest.OneByteReader(bytes.NewReader(vec.Bytes)), pos, 0) {
		if err != nil {
			require.ErrorIs(t, err, vec.frameCause(t))
			require.Nil(t, want)
			return
		}
		require.Equal(t, want, f.Payload)
	}
	require.NotNil(t, want, "no error")
}

// framed returns the payload, nil if the frame itself is rejected.
func (vec *Vector) framed(t *testing.T) (payload []byte) {
	for f, err := range archive.Frames(bytes.NewReader(vec.Bytes), archive.Pos{}, 0) {
		if err != nil {
			require.False(t, vec.accepted(), "%v", err)
			return nil
		}
		payload = slices.Clone(f.Payload)
	}
	return payload
}

// decode passes the record and each of its prefixes to its decoder, which must
// not panic.
func (vec *Vector) decode(t *testing.T, v pcp.Version) {
	decoder := vec.decoder(t, v)
	payload := vec.Bytes
	if vec.isFrame() {
		if payload = vec.framed(t); payload == nil {
			return
		}
	}
	err := decoder(payload)
	if vec.accepted() || vec.Expect["error"] == "ErrMismatch" { // the record alone is good; it contradicts another one
		require.NoError(t, err)
	} else if vec.dropped() {
		require.ErrorIs(t, err, pcp.ErrTruncated)
	} else {
		require.ErrorIs(t, err, vec.cause(t))
	}
	for n := range payload {
		if err := decoder(payload[:n]); err != nil {
			require.ErrorAs(t, err, new(*pcp.FormatError), "cut to %d bytes", n)
		}
	}
}

// decoder returns the decoder of single records.
func (vec *Vector) decoder(t *testing.T, v pcp.Version) func([]byte) error {
	switch vec.Expect["file"] {
	case "metadata":
		return func(b []byte) error { _, err := archive.DecodeMeta(b, v); return err }
	case "volume":
		d, err := archive.NewResultDecoder(v)
		require.NoError(t, err)
		return func(b []byte) error { _, err := d.Decode(b); return err }
	case "label":
		return func(b []byte) error { _, err := archive.DecodeHeader(b); return err }
	case "index":
		return func(b []byte) error { _, err := archive.DecodeIndexEntry(b, v); return err }
	}
	typ := arrayTypes[vec.Expect["file"]]
	require.NotZero(t, typ)
	return func(b []byte) error { _, err := history.Value{Type: typ, Data: b}.Events(); return err }
}

// records reads the archive record by record and expects one error, at the
// vector.
func (vec *Vector) records(t *testing.T, p placed) {
	found, err := vec.refusal(t, p)
	require.Equal(t, !vec.dropped(), found)
	if vec.accepted() || vec.dropped() {
		require.NoError(t, err)
		return
	}
	require.ErrorIs(t, err, vec.cause(t))
	assert.Equal(t, vec.Expect["message"], p.relative(err.Error()))
}

// strict reads the archive as PCP does, which stops at damage. It skips the
// index and event arrays, which are read separately.
func (vec *Vector) strict(t *testing.T, p placed) {
	r, err := archive.Open(p.base, &archive.ReadOptions{Strict: true})
	if err == nil {
		for _, e := range r.Steps(history.Query{}) {
			err = e
		}
	}
	if vec.accepted() || !vec.isFrame() {
		require.NoError(t, err)
		return
	}
	require.ErrorIs(t, err, vec.frameCause(t), "it does not look for what is behind")
}

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
