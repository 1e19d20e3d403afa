package promjson

import (
	"encoding/json"
	"fmt"
	"io"
)

// maxValue is the longest value, in bytes, such as a series of a result. A value is
// read into memory. Prometheus' replies have at most 11,000 samples in a series.
const maxValue = 256 << 20

// boundedReader is an io.Reader that fails if its Decoder reads more than limit
// bytes of one value.
type boundedReader struct {
	in    io.Reader
	dec   *json.Decoder
	limit int64
	read  int64
	err   error // of in
}

// newBoundedReader returns a boundedReader of in with its Decoder.
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
