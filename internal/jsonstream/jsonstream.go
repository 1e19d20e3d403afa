// Package jsonstream writes lists and labels as JSON without holding a whole reply in
// memory.
package jsonstream

import (
	"io"
	"sync"

	jsoniter "github.com/json-iterator/go"
	"github.com/prometheus/prometheus/model/labels"
)

// FlushSize is the number of bytes after which List hands on the buffer of a stream.
const FlushSize = 32 << 10

// New returns a stream that writes to w. A nil w keeps everything in the stream's buffer.
func New(w io.Writer) *jsoniter.Stream {
	return jsoniter.NewStream(jsoniter.ConfigCompatibleWithStandardLibrary, w, 4<<10)
}

// NewIndented returns a stream that indents by two spaces for each level of the JSON. Its
// values are part of a text that has begun depth objects or arrays.
func NewIndented(w io.Writer, depth int) *jsoniter.Stream {
	s := jsoniter.NewStream(indented(), w, 4<<10)
	for range depth {
		s.WriteObjectStart()
	}
	s.SetBuffer(s.Buffer()[:0])
	return s
}

var indented = sync.OnceValue(func() jsoniter.API { return jsoniter.Config{IndentionStep: 2}.Froze() })

// List writes an array of n elements. It stops early if the stream cannot be written; the
// stream keeps the error.
func List(s *jsoniter.Stream, n int, element func(i int)) {
	if n == 0 {
		s.WriteEmptyArray()
		return
	}
	s.WriteArrayStart()
	for i := range n {
		if i > 0 {
			s.WriteMore()
		}
		element(i)
		if s.Buffered() >= FlushSize && s.Flush() != nil {
			return
		}
	}
	s.WriteArrayEnd()
}

// Labels writes labels as an object.
func Labels(s *jsoniter.Stream, ls labels.Labels) {
	if ls.IsEmpty() {
		s.WriteEmptyObject()
		return
	}
	s.WriteObjectStart()
	first := true
	ls.Range(func(l labels.Label) {
		if !first {
			s.WriteMore()
		}
		first = false
		s.WriteObjectField(l.Name)
		s.WriteString(l.Value)
	})
	s.WriteObjectEnd()
}
