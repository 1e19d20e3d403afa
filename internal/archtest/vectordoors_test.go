package archtest

import (
	"bytes"
	"slices"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
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
