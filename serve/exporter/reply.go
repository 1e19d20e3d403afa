package exporter

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// AllowOrigins lets pages of any origin read a reply, as PCP's web daemon does.
func AllowOrigins(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Allow-Headers", "Accept, Accept-Language, Content-Language, Content-Type")
	h.Set("Access-Control-Max-Age", "86400")
}

// Preflight answers a request for the methods that a path allows, and refuses other
// methods. It returns false if the request must be answered.
func Preflight(w http.ResponseWriter, r *http.Request, methods ...string) bool {
	allowed := strings.Join(append(slices.Clone(methods), http.MethodOptions), ", ")
	switch {
	case r.Method == http.MethodOptions:
		w.Header().Set("Access-Control-Allow-Methods", allowed)
		w.Header().Set("Allow", allowed)
		w.WriteHeader(http.StatusOK)
		return true
	case !slices.Contains(methods, r.Method):
		w.Header().Set("Allow", allowed)
		writeFailure(w, http.StatusMethodNotAllowed, r.Method+" is not allowed: send "+allowed)
		return true
	}
	return false
}

// Refusal returns a *RefusalError.
func Refusal(format string, args ...any) error {
	return &RefusalError{fmt.Sprintf(format, args...)}
}

// Fail replies with an error in the form of PCP's web daemon.
func Fail(w http.ResponseWriter, err error) {
	status := http.StatusInternalServerError
	if isRefusal(err) {
		status = http.StatusBadRequest
	}
	writeFailure(w, status, err.Error())
}

func writeFailure(w http.ResponseWriter, status int, message string) {
	body, err := json.Marshal(struct {
		Message string `json:"message"`
		Success bool   `json:"success"`
	}{message, false})
	if err != nil { // no text makes this fail
		body = []byte(`{"success":false}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\r', '\n')) // fails if the client has left
}
