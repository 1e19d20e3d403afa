package meta

import (
	"strconv"

	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/pcp"
)

// TextType says whether a text is one line or long help, and whether it
// describes a metric or an instance domain.
type TextType uint32

// The text types: one length bit and one subject bit each.
const (
	TextOneLine TextType = 1
	TextHelp    TextType = 2
	TextPMID    TextType = 4
	TextInDom   TextType = 8
)

// Valid reports whether t has a length and a subject.
func (t TextType) Valid() bool {
	return t&(TextOneLine|TextHelp) != 0 && t&(TextPMID|TextInDom) != 0 && t < 16
}

// String returns, for example, "PMID oneline".
func (t TextType) String() string {
	if !t.Valid() {
		return "type " + strconv.FormatUint(uint64(t), 10)
	}
	s := "PMID "
	if t&TextInDom != 0 {
		s = "InDom "
	}
	if t&TextOneLine != 0 {
		return s + "oneline"
	}
	return s + "help"
}

// Text is the help text of a metric or an instance domain. It has no time: the
// last record of a type and identifier counts. Its body:
//
//	type 4 | PMID or instance domain 4 | text, NUL-terminated
type Text struct {
	Type  TextType
	Ident uint32
	Text  string
}

// Kind returns pcp.KindText.
func (*Text) Kind() pcp.Kind { return pcp.KindText }

// DecodeText decodes a body. A text without a NUL extends to the end of the
// body. A text of an unknown type is kept but applies to nothing.
func DecodeText(body []byte) (*Text, error) {
	d := wire.NewDec(pcp.KindText, body)
	t := &Text{Type: TextType(d.U32()), Ident: d.U32()}
	if err := d.Err(); err != nil {
		return nil, err
	}
	t.Text = string(wire.UntilNUL(d.Rest()))
	return t, nil
}

// AppendBinary appends the body.
func (t *Text) AppendBinary(b []byte) []byte {
	b = wire.AppendU32(b, uint32(t.Type))
	b = wire.AppendU32(b, t.Ident)
	return append(append(b, t.Text...), 0)
}
