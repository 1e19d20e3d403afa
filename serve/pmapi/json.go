package pmapi

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/serve/exporter"
)

// jsonReply is a reply that is sent while it is made, so that a long one takes little
// memory.
type jsonReply struct {
	w    http.ResponseWriter
	b    []byte
	fail error // of the client
}

// flushSize is the number of bytes that are sent at once.
const flushSize = 32 << 10

// begin begins a reply. No error may follow.
func (x *request) begin() *jsonReply {
	x.w.Header().Set("Content-Type", jsonType)
	return &jsonReply{w: x.w, b: make([]byte, 0, 4<<10)}
}

// end sends the rest.
func (j *jsonReply) end() error {
	j.text("\r\n")
	j.flush()
	return nil // the client may have left
}

func (j *jsonReply) flush() {
	if j.fail == nil {
		_, j.fail = j.w.Write(j.b)
	}
	j.b = j.b[:0]
}

func (j *jsonReply) text(s string) {
	if len(j.b) >= flushSize {
		j.flush()
	}
	j.b = append(j.b, s...)
}

func (j *jsonReply) quoted(s string) { j.b = exporter.AppendJSON(j.b, s) }

func (j *jsonReply) number(n uint64) { j.b = strconv.AppendUint(j.b, n, 10) }

// member appends a member of an object after others.
func (j *jsonReply) member(name, value string) {
	j.text(`,"` + name + `":`)
	j.quoted(value)
}

// labels appends a set as an object.
func (j *jsonReply) labels(set labelset.Set) {
	separator := "{"
	for l := range set.All() {
		j.text(separator)
		separator = ","
		j.quoted(l.Name)
		j.text(":")
		if json.Valid([]byte(l.Value)) {
			j.text(l.Value)
		} else {
			j.quoted(l.Text())
		}
	}
	if separator == "{" {
		j.text("{")
	}
	j.text("}")
}

// client echoes the parameter client.
func (x *request) client(j *jsonReply) {
	if text := x.form.Get("client"); text != "" {
		j.member("client", text)
	}
}

// head begins an object with the number of the context.
func (x *request) head(j *jsonReply) {
	j.text(`{"context":`)
	j.number(uint64(x.ctx.id))
	x.client(j)
}
