package fuzz

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

// FuzzDataRecord decodes payloads of data volumes and writes them again.
func FuzzDataRecord(f *testing.F) {
	f.Fuzz(func(t *testing.T, v3 bool, payload []byte) {
		v := pcp.V2
		if v3 {
			v = pcp.V3
		}
		d, err := archive.NewResultDecoder(v)
		require.NoError(t, err)
		res, err := d.Decode(payload)
		if err != nil {
			var fe *pcp.FormatError
			require.ErrorAs(t, err, &fe)
			require.True(t, fe.Offset >= 0 && fe.Offset <= int64(len(payload)), "%v", err)
			return
		}
		for _, s := range res.Sets {
			for _, value := range s.Values {
				value.Number(value.Type)
				value.Text()
				events(t, value)
			}
		}
		if !v3 && wideFraction(payload) {
			return
		}
		encoded, err := encodeResult(t, res, v)
		if err != nil {
			require.True(t, errors.Is(err, pcp.ErrRange) || errors.Is(err, pcp.ErrLimit), "%v", err)
			return
		}
		if inOrder(payload, res, v) {
			require.Equal(t, padded(payload, res), encoded)
		}
		want := recordText(res)
		again, err := d.Decode(encoded)
		require.NoError(t, err)
		require.Equal(t, want, recordText(again))
	})
}

// encodeResult returns the payload that a writer produces for a record.
func encodeResult(t *testing.T, res *archive.Result, v pcp.Version) ([]byte, error) {
	base := filepath.Join(t.TempDir(), "a")
	w, err := archive.CreateRecords(base, v, &archive.WriteOptions{NoSync: true})
	require.NoError(t, err)
	_, err = w.Write(&archive.Header{Host: "h"})
	require.NoError(t, err)
	if _, err := w.Write(res); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	require.NoError(t, w.Close())
	raw, err := os.ReadFile(base + ".0")
	require.NoError(t, err)
	raw = raw[archive.HeaderSize(v):]
	require.Equal(t, len(raw), int(binary.BigEndian.Uint32(raw)))
	return raw[4 : len(raw)-4], nil
}

func blocks(res *archive.Result) (sizes []int, total int) {
	for _, s := range res.Sets {
		for _, v := range s.Values {
			if s.Format == archive.InSitu {
				continue
			}
			size := 4 + len(v.Data)
			if v.Data == nil {
				size = 4 + v.Type.Size()
			}
			sizes = append(sizes, size)
			total += (size + 3) &^ 3
		}
	}
	return sizes, total
}

// inOrder reports whether the blocks of a record are in the order of its values
// and not shared, as writers store them.
func inOrder(payload []byte, res *archive.Result, v pcp.Version) bool {
	at := 12 // stamp and number of value sets
	if v == pcp.V3 {
		at = 16
	}
	var places []uint32
	for _, s := range res.Sets {
		at += 8
		if len(s.Values) == 0 {
			continue
		}
		at += 4
		for range s.Values {
			if s.Format != archive.InSitu {
				places = append(places, binary.BigEndian.Uint32(payload[at+4:]))
			}
			at += 8
		}
	}
	return slices.IsSorted(places) && len(slices.Compact(places)) == len(places)
}

// padded returns a payload with the padding of current writers.
func padded(payload []byte, res *archive.Result) []byte {
	payload = bytes.Clone(payload)
	sizes, total := blocks(res)
	at := len(payload) - total
	for _, size := range sizes {
		for end := at + (size+3)&^3; at+size < end; size++ {
			payload[at+size] = '~'
		}
		at += size
	}
	return payload
}

// events decodes an event array and encodes it again.
func events(t *testing.T, v history.Value) {
	all, err := v.Events()
	if err != nil {
		require.ErrorAs(t, err, new(*pcp.FormatError))
		return
	}
	for _, e := range all {
		if usec := e.Stamp.Nsec / 1000; v.Type == pcp.TypeEvent && (e.Stamp.Nsec%1000 != 0 || usec < 0 || usec >= 1e6) {
			return
		}
	}
	made, err := history.EventValue(v.Inst, v.Type, all)
	require.NoError(t, err)
	require.LessOrEqual(t, len(made.Data), len(v.Data)+3, "the last parameter may lack its padding")
	again, err := made.Events()
	require.NoError(t, err)
	require.Equal(t, all, again)
}
