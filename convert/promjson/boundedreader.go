package promjson

import (
	"encoding/json"
	"fmt"
	"io"
)

// maxValue is the longest element of a result, or other value, in bytes: it is
// read into memory. A series of Prometheus' replies has 11,000 samples at most.
const maxValue = 256 << 20

// bounded is a Reader that fails where a Decoder asks it for more of a value
// than memory should hold.
type boundedReader struct {
	in    io.Reader
	dec   *json.Decoder
	limit int64
	read  int64
	err   error // of in
}

// newBounded returns a bounded with a Decoder of in.
func newBoundedReader(in io.Reader, limit int64) *boundedReader {
	b := &boundedReader{in: in, limit: limit}
	b.dec = json.NewDecoder(b)
	return b
}

// Read reads, unless too much was read since the value began.
func (b *boundedReader) Read(p []byte) (int, error) {
	if b.read-b.dec.InputOffset() > b.limit {
		return 0, fmt.Errorf("a value of more than %d bytes", b.limit)
	}
	n, err := b.in.Read(p)
	b.read += int64(n)
	b.err = err
	return n, err
}
