package seriesapi

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/pcparchive/pcparchive/pcp"
)

// writer writes a reply as JSON.
type writer struct {
	w     http.ResponseWriter
	zip   bool // the client accepts gzip
	begun bool
	out   *bufio.Writer
	gzip  *gzip.Writer
	first bool // the next element of the list is the first
}

// begin sends the header.
func (w *writer) begin(status int) {
	w.begun = true
	h := w.w.Header()
	h.Set("Content-Type", "application/json")
	h.Add("Vary", "Accept-Encoding")
	var sink io.Writer = w.w
	if w.zip {
		h.Set("Content-Encoding", "gzip")
		w.gzip, _ = gzip.NewWriterLevel(w.w, gzip.BestSpeed) // the level exists
		sink = w.gzip
	}
	w.w.WriteHeader(status)
	w.out = bufio.NewWriterSize(sink, 16<<10)
}

// end completes the reply. It fails if the client has left.
func (w *writer) end() error {
	w.out.WriteString("\n")
	err := w.out.Flush()
	if w.gzip != nil && err == nil {
		err = w.gzip.Close()
	}
	return err
}

// client writes a result, with the name by which the client calls itself around it.
func (w *writer) client(name *string, result func()) {
	if name == nil {
		result()
		return
	}
	w.raw(`{"client":`)
	w.text(*name)
	w.raw(`,"result":`)
	result()
	w.raw(`}`)
}

// success writes the reply of a request without a result.
func (w *writer) success(name *string) {
	w.raw("{")
	if name != nil {
		w.raw(`"client":`)
		w.text(*name)
		w.raw(",")
	}
	w.raw(`"success":true}`)
}

// failure writes the reply of a request that failed.
func (w *writer) failure(name *string, message string) {
	w.raw("{")
	if name != nil {
		w.raw(`"client":`)
		w.text(*name)
		w.raw(",")
	}
	w.raw(`"message":`)
	w.text(message)
	w.raw(`,"success":false}`)
}

// raw writes JSON.
func (w *writer) raw(s string) { w.out.WriteString(s) }

// open begins a list.
func (w *writer) open() {
	w.raw("[")
	w.first = true
}

// next begins an element of a list.
func (w *writer) next() {
	if !w.first {
		w.raw(",")
	}
	w.first = false
}

// close ends a list.
func (w *writer) close() { w.raw("]") }

// texts writes a list of texts.
func (w *writer) texts(all []string) {
	w.open()
	for _, s := range all {
		w.next()
		w.text(s)
	}
	w.close()
}

// member writes a member of an object with a text. before comes before it.
func (w *writer) member(before, name, value string) {
	w.raw(before)
	w.raw(`"` + name + `":`)
	w.text(value)
}

// number writes a number.
func (w *writer) number(n int) { w.raw(strconv.Itoa(n)) }

// stamp writes a time in milliseconds, with as many digits after the point as it has, but at
// least three, as pmproxy does.
func (w *writer) stamp(t pcp.Timestamp) {
	var b [32]byte
	ms := t.Sec*1000 + int64(t.Nsec)/1_000_000
	w.out.Write(strconv.AppendInt(b[:0], ms, 10))
	rest := strconv.AppendInt(b[:0], int64(t.Nsec)%1_000_000+1_000_000, 10)[1:]
	digits := strings.TrimRight(string(rest), "0")
	w.raw(".")
	w.raw((digits + "000")[:max(3, len(digits))])
}

// text writes a text. A byte that is not UTF-8 becomes the escape of a lone surrogate, as
// everywhere in the program's JSON.
func (w *writer) text(s string) {
	const hex = "0123456789abcdef"
	w.out.WriteByte('"')
	from := 0
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		var escape string
		switch {
		case r == utf8.RuneError && size == 1:
			escape = `\udc` + string(hex[s[i]>>4]) + string(hex[s[i]&15])
		case r == '"' || r == '\\':
			escape = `\` + string(r)
		case r == '\n':
			escape = `\n`
		case r == '\t':
			escape = `\t`
		case r < ' ' || r == 0x7f || r == '\u2028' || r == '\u2029':
			escape = `\u` + string(hex[r>>12&15]) + string(hex[r>>8&15]) + string(hex[r>>4&15]) + string(hex[r&15])
		}
		if escape != "" {
			w.raw(s[from:i])
			w.raw(escape)
			from = i + size
		}
		i += size
	}
	w.raw(s[from:])
	w.out.WriteByte('"')
}

// value writes the value of a label: JSON as stored, or as a text if a damaged archive holds
// something else.
func (w *writer) value(stored, shown string) {
	if json.Valid([]byte(stored)) && utf8.ValidString(stored) {
		w.raw(stored)
		return
	}
	w.text(shown)
}
