package exporter

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Allowed replies with status 405 and returns false unless a request has one of some methods.
func Allowed(w http.ResponseWriter, r *http.Request, methods ...string) bool {
	if slices.Contains(methods, r.Method) {
		return true
	}
	allowed := strings.Join(methods, ", ") + ", " + http.MethodOptions
	w.Header().Set("Allow", allowed)
	writeFailure(w, http.StatusMethodNotAllowed, r.Method+" is not allowed: send "+allowed)
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
