// Package jsonstream writes lists and labels as JSON without holding a whole reply in
// memory.
package jsonstream

import (
	"io"

	jsoniter "github.com/json-iterator/go"
	"github.com/prometheus/prometheus/model/labels"
)

// FlushSize is the number of bytes after which List hands on the buffer of a stream.
const FlushSize = 32 << 10

// New returns a stream that writes to w. A nil w keeps everything in the stream's buffer.
func New(w io.Writer) *jsoniter.Stream {
	return jsoniter.NewStream(jsoniter.ConfigCompatibleWithStandardLibrary, w, 4<<10)
}

// List writes an array of n elements. It stops early if the stream cannot be written; the
// stream keeps the error.
func List(s *jsoniter.Stream, n int, element func(i int)) {
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
