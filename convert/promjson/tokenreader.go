package promjson

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"

	"github.com/pcparchive/pcparchive/internal/lazyregexp"
)

// maxRecovered is the maximum number of faults in a file after which reading continues.
const maxRecovered = 1000

// tokenReader reads JSON tokens and values, and can continue after a fault.
type tokenReader struct {
	dec       *json.Decoder
	in        *boundedReader
	limit     int64
	base      int64 // offset in the file where dec began
	depth     int   // open objects and arrays
	broken    bool  // dec cannot continue
	recovered int   // faults so far
}

func newTokenReader(in io.Reader, limit int64) *tokenReader {
	t := &tokenReader{limit: limit}
	t.begin(in)
	return t
}

func (t *tokenReader) begin(in io.Reader) {
	t.in = newBoundedReader(in, t.limit)
	t.dec, t.depth, t.broken = t.in.dec, 0, false
}

// offset returns the number of bytes of the file that were read.
func (t *tokenReader) offset() int64 { return t.base + t.dec.InputOffset() }

func (t *tokenReader) more() bool { return t.dec.More() }

func (t *tokenReader) token() (json.Token, error) {
	tok, err := t.dec.Token()
	if err != nil {
		t.broken = true
		return nil, err
	}
	switch tok {
	case json.Delim('{'), json.Delim('['):
		t.depth++
	case json.Delim('}'), json.Delim(']'):
		t.depth--
	}
	return tok, nil
}

// decode reads a value into v. After a value of another type reading can continue.
func (t *tokenReader) decode(v any) error {
	err := t.dec.Decode(v)
	var typ *json.UnmarshalTypeError
	if err != nil && !errors.As(err, &typ) {
		t.broken = true
	}
	return err
}

// recover skips the rest of a faulty value or, after invalid JSON, everything up to
// the next line that begins a reply. It returns false at the end of the file.
func (t *tokenReader) recover() bool {
	t.recovered++
	for t.depth > 0 && !t.broken {
		_, _ = t.token() // notes the error
	}
	if !t.broken {
		return true
	}
	if t.in.err != nil && !errors.Is(t.in.err, io.EOF) {
		return false
	}
	t.base = t.offset()
	r := bufio.NewReader(io.MultiReader(t.dec.Buffered(), t.in.in))
	for {
		n, ended := skipLine(r)
		t.base += n
		if ended {
			return false
		}
		if head, _ := r.Peek(64); beginsReply().Match(head) {
			t.begin(r)
			return true
		}
	}
}

// beginsReply matches the beginning of a line that begins a whole reply.
var beginsReply = lazyregexp.New(`^(\{\s*"(status|data|resultType|result|errorType|error)"\s*:|\[\s*\{\s*"metric"\s*:)`)

// skipLine returns the number of bytes of a line, and whether it is the last one.
func skipLine(r *bufio.Reader) (n int64, ended bool) {
	for {
		part, err := r.ReadSlice('\n')
		n += int64(len(part))
		if err == nil || !errors.Is(err, bufio.ErrBufferFull) {
			return n, err != nil
		}
	}
}
