// Package httpguard holds what HTTP APIs share against faulty requests and faults of their own: a
// panic costs its request alone, and parameters that cannot be read get the right status.
package httpguard

import (
	"bufio"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"

	"github.com/pcparchive/pcparchive/internal/defect"
	"github.com/pcparchive/pcparchive/internal/safetext"
)

// ErrDefect is the reply to a request that panicked.
var ErrDefect = errors.New("internal error; the server's log has the reason")

// Guarded passes requests on. If that panics it logs the panic and calls fail to reply with
// status 500, or ends the connection if a part of the reply was sent.
func Guarded(log *slog.Logger, fail func(http.ResponseWriter, *http.Request), next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		out := &begun{ResponseWriter: w}
		failed := defect.Catch(func() { next.ServeHTTP(out, r) })
		switch {
		case failed == nil:
		case errors.Is(failed, http.ErrAbortHandler):
			panic(http.ErrAbortHandler)
		default:
			log.Error("request panicked", "path", Short(r.URL.Path), "query", Short(r.Form.Get("query")), "panic", failed.Value, "stack", string(failed.Stack))
			if out.sent {
				panic(http.ErrAbortHandler)
			}
			fail(w, r)
		}
	})
}

// begun notes whether a reply was begun.
type begun struct {
	http.ResponseWriter
	sent bool
}

// WriteHeader begins the reply.
func (b *begun) WriteHeader(status int) {
	b.sent = b.sent || status >= http.StatusOK
	b.ResponseWriter.WriteHeader(status)
}

// Write continues the reply.
func (b *begun) Write(p []byte) (int, error) {
	b.sent = true
	return b.ResponseWriter.Write(p)
}

// Flush sends what was written.
func (b *begun) Flush() {
	b.sent = true
	_ = http.NewResponseController(b.ResponseWriter).Flush() // fails where it is not supported
}

// Hijack takes over the connection.
func (b *begun) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	b.sent = true
	return http.NewResponseController(b.ResponseWriter).Hijack()
}

// Unwrap is for [http.ResponseController].
func (b *begun) Unwrap() http.ResponseWriter { return b.ResponseWriter }

// BodyError returns the status and the message for a request of which the parameters cannot be
// read.
func BodyError(err error) (status int, _ error) {
	if large := (*http.MaxBytesError)(nil); errors.As(err, &large) {
		return http.StatusRequestEntityTooLarge, fmt.Errorf("the body is larger than %d bytes: %w", large.Limit, err)
	}
	return http.StatusBadRequest, fmt.Errorf("the parameters cannot be read: %w", err)
}

// Short returns a text that fits into a message.
func Short(text string) string { return safetext.Cut(text, 200) }
