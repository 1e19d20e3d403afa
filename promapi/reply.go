package promapi

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"

	jsoniter "github.com/json-iterator/go"
	"github.com/prometheus/prometheus/util/annotations"

	"github.com/pcparchive/pcparchive/internal/httpguard"
	"github.com/pcparchive/pcparchive/internal/jsonstream"
	"github.com/pcparchive/pcparchive/query"
)

// reply is a successful answer.
type reply struct {
	// data writes the value of the field data as JSON.
	data     func(io.Writer) error
	warnings annotations.Annotations
	expr     string // to which positions in warnings refer
	close    func() // frees what data uses; may be nil
}

// jsonReply returns a reply with any value that has a JSON form.
func jsonReply(v any) *reply {
	return &reply{data: func(w io.Writer) error {
		b, err := jsoniter.ConfigCompatibleWithStandardLibrary.Marshal(v)
		if err == nil {
			_, err = w.Write(b)
		}
		return err
	}}
}

// truncated adds the warning that a limit left results out.
func (r *reply) truncated() { r.warn(errors.New("results truncated due to limit")) }

// warn adds a warning, or an info if err is one.
func (r *reply) warn(err error) { r.warnings.Add(err) }

// mostWarnings is the largest number of warnings, and of infos, in a reply.
const mostWarnings = 10

// succeed encodes a reply directly to w, because its size has no bound.
func (a *API) succeed(w http.ResponseWriter, r *http.Request, rep *reply) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusOK)
	out := bufio.NewWriterSize(w, 32<<10)
	err := writeReply(out, rep)
	if err = errors.Join(err, out.Flush()); err != nil && r.Context().Err() == nil {
		a.log.Warn("reply not written", "path", r.URL.Path, "error", err)
	}
}

func writeReply(w *bufio.Writer, rep *reply) error {
	_, _ = w.WriteString(`{"status":"success","data":`) // bufio keeps the error
	if err := rep.data(w); err != nil {
		return err
	}
	warnings, infos := rep.warnings.AsStrings(rep.expr, mostWarnings, mostWarnings)
	for _, list := range []struct {
		name  string
		lines []string
	}{{"warnings", warnings}, {"infos", infos}} {
		if len(list.lines) == 0 {
			continue
		}
		slices.Sort(list.lines)
		_, _ = w.WriteString(`,"` + list.name + `":`)
		if err := writeStrings(w, list.lines); err != nil {
			return err
		}
	}
	return w.WriteByte('}')
}

// failure is an error reply.
type failure struct {
	Status    string `json:"status"`
	ErrorType string `json:"errorType"`
	Error     string `json:"error"`
}

// fail writes an error reply.
func (a *API) fail(w http.ResponseWriter, r *http.Request, err error) {
	kind := kindOf(err)
	if panicked := (*query.PanicError)(nil); errors.As(err, &panicked) {
		a.log.Error("query panicked", "query", httpguard.Short(panicked.Expr), "panic", panicked.Value, "stack", string(panicked.Stack))
	} else if kind.status == http.StatusInternalServerError {
		a.log.Error("request failed", "path", r.URL.Path, "error", err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(kind.status)
	_ = json.NewEncoder(w).Encode(failure{"error", kind.name, err.Error()}) // fails if the client is gone
}

// writeList writes a JSON array of n elements.
func writeList(w io.Writer, n int, element func(s *jsoniter.Stream, i int)) error {
	s := jsonstream.New(w)
	jsonstream.List(s, n, func(i int) { element(s, i) })
	return s.Flush()
}

// writeStrings writes a JSON array of strings.
func writeStrings(w io.Writer, all []string) error {
	return writeList(w, len(all), func(s *jsoniter.Stream, i int) { s.WriteString(all[i]) })
}
