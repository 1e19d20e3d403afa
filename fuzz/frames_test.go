package fuzz

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/pcp"
)

const maxRecord = 1 << 20

func FuzzFrames(f *testing.F) {
	f.Fuzz(func(t *testing.T, file []byte) {
		want, wantErr := frames(t, bytes.NewReader(file))
		var next int64
		for _, f := range want {
			require.Equal(t, next, f.Pos.Offset)
			next += int64(len(f.Payload)) + 8
		}
		require.LessOrEqual(t, next, int64(len(file)))
		if wantErr == nil {
			require.Equal(t, int64(len(file)), next, "a clean end is the end")
		}
		got, gotErr := frames(t, iotest.HalfReader(bytes.NewReader(file)))
		require.Equal(t, want, got)
		require.Equal(t, wantErr, gotErr)
	})
}

func frames(t *testing.T, r io.Reader) (all []archive.Frame, err error) {
	for f, err := range archive.Frames(r, archive.Pos{File: "f"}, maxRecord) {
		if err != nil {
			requireLocated(t, err)
			return all, err
		}
		f.Payload = bytes.Clone(f.Payload)
		all = append(all, f)
	}
	return all, nil
}

// requireLocated requires that an error contains its file and offset.
func requireLocated(t *testing.T, err error) {
	var fe *pcp.FormatError
	if errors.Is(err, pcp.ErrMismatch) && !errors.As(err, &fe) {
		return // the error is about two records; the message contains the position of one
	}
	require.ErrorAs(t, err, &fe)
	require.NotEmpty(t, fe.File)
	require.GreaterOrEqual(t, fe.Offset, int64(0))
}
