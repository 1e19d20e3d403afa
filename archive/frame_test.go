package archive_test

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/pcp"
)

// framed returns records with the given payloads.
func framed(payloads ...[]byte) []byte {
	var b []byte
	for _, p := range payloads {
		var start int
		b, start = wire.BeginFrame(b)
		b = wire.EndFrame(append(b, p...), start)
	}
	return b
}

func readFrames(r io.Reader, at archive.Pos, limit int) (sizes []int, offsets []int64, err error) {
	for f, e := range archive.Frames(r, at, limit) {
		if e != nil {
			return sizes, offsets, e
		}
		sizes, offsets = append(sizes, len(f.Payload)), append(offsets, f.Pos.Offset)
	}
	return sizes, offsets, nil
}

func TestFrames(t *testing.T) {
	long := bytes.Repeat([]byte{7}, 5<<20+1) // more than any buffer or step
	file := framed(nil, []byte("odd"), long, []byte("x"))
	for name, r := range map[string]io.Reader{
		"whole": bytes.NewReader(file), "halves": iotest.HalfReader(bytes.NewReader(file)), "data with EOF": iotest.DataErrReader(bytes.NewReader(file)),
	} {
		t.Run(name, func(t *testing.T) {
			sizes, offsets, err := readFrames(r, archive.Pos{File: "f", Offset: 100}, 0)
			require.NoError(t, err)
			assert.Equal(t, []int{0, 3, len(long), 1}, sizes)
			assert.Equal(t, []int64{100, 108, 119, 119 + int64(len(long)) + 8}, offsets)
		})
	}
}

func TestFramesStopEarly(t *testing.T) {
	n := 0
	for range archive.Frames(bytes.NewReader(framed([]byte("a"), []byte("b"))), archive.Pos{}, 0) {
		n++
		break
	}
	assert.Equal(t, 1, n)
}

func TestFramesErrors(t *testing.T) {
	good := slices.Clip(framed([]byte("good"))) // 12 bytes
	broken := errors.New("broken disk")
	for _, tt := range []struct {
		name string
		r    io.Reader
		err  error
		text string
	}{
		{"ends in a length", bytes.NewReader(append(good, 0, 0)), pcp.ErrUnfinished, "f: offset 12: record: length: file ends inside a record"},
		{"ends in a body", bytes.NewReader(append(good, good[:6]...)), pcp.ErrUnfinished, "f: offset 12: record: length 12: file ends inside a record"},
		{"length 0", bytes.NewReader(append(good, 0, 0, 0, 0)), pcp.ErrRange, "f: offset 12: record: length 0: value out of range"},
		{"negative length", bytes.NewReader(append(good, 255, 255, 255, 255)), pcp.ErrRange, "f: offset 12: record: length -1: value out of range"},
		{"beyond the limit", bytes.NewReader(append(good, 0, 0, 4, 1)), pcp.ErrLimit, "f: offset 12: record: length 1025 exceeds 1024: limit exceeded"},
		{"trailer", bytes.NewReader(append(good, 0, 0, 0, 8, 0, 0, 0, 9)), pcp.ErrTrailer, "f: offset 12: record: 8 before, 9 after: record length and its trailer differ"},
		{"reader", io.MultiReader(bytes.NewReader(good), iotest.ErrReader(broken)), broken, "f: offset 12: broken disk"},
		{"reader inside a record", io.MultiReader(bytes.NewReader(append(good, good[:6]...)), iotest.ErrReader(broken)), broken, "f: offset 12: broken disk"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sizes, _, err := readFrames(tt.r, archive.Pos{File: "f"}, 1024)
			assert.Equal(t, []int{4}, sizes)
			require.ErrorIs(t, err, tt.err)
			assert.EqualError(t, err, tt.text)
		})
	}
}

// TestFramesTrustNoLength reads a file that claims a record of nearly 256 MiB.
func TestFramesTrustNoLength(t *testing.T) {
	claim := append([]byte{0x0f, 0xff, 0xff, 0xff}, strings.Repeat("x", 2<<20)...)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, _, err := readFrames(bytes.NewReader(claim), archive.Pos{}, 0)
	runtime.ReadMemStats(&after)
	require.ErrorIs(t, err, pcp.ErrUnfinished)
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(16<<20))
}
