package promjson

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"regexp"
)

// maxRecovered is how many faults of a file are gone on after.
const maxRecovered = 1000

// tokens reads JSON and can go on after a fault.
type tokenReader struct {
	dec       *json.Decoder
	in        *boundedReader
	limit     int64
	base      int64 // offset in the file of what dec began with
	depth     int   // of objects and arrays
	broken    bool  // dec cannot go on
	recovered int
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

// offset returns how many bytes of the file were read.
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

// decode reads a value. That it is of another type than v does not break anything.
func (t *tokenReader) decode(v any) error {
	err := t.dec.Decode(v)
	var typ *json.UnmarshalTypeError
	if err != nil && !errors.As(err, &typ) {
		t.broken = true
	}
	return err
}

// recover goes to the end of the value that has a fault or, if that is no JSON, to
// the next line that begins a reply. It reports whether there may be one.
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
		if head, _ := r.Peek(64); beginsReply.Match(head) {
			t.begin(r)
			return true
		}
	}
}

// beginsReply matches what a line begins with that begins a reply, and not a part
// of one.
var beginsReply = regexp.MustCompile(`^(\{\s*"(status|data|resultType|result|errorType|error)"\s*:|\[\s*\{\s*"metric"\s*:)`)

// skipLine returns how many bytes a line has, and whether it is the last one.
func skipLine(r *bufio.Reader) (n int64, ended bool) {
	for {
		part, err := r.ReadSlice('\n')
		n += int64(len(part))
		if err == nil || !errors.Is(err, bufio.ErrBufferFull) {
			return n, err != nil
		}
	}
}
