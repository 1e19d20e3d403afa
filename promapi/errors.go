package promapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/prometheus/prometheus/promql"

	"github.com/pcparchive/pcparchive/query"
)

// errorKind is a kind of errors with its name in replies and its status.
type errorKind struct {
	name   string
	status int
}

// statusClientClosed is the status of a request whose client has left. No client sees it.
const statusClientClosed = 499

// The kinds of errors of Prometheus' API.
var (
	badData   = errorKind{"bad_data", http.StatusBadRequest}
	execution = errorKind{"execution", http.StatusUnprocessableEntity}
	timedOut  = errorKind{"timeout", http.StatusServiceUnavailable}
	canceled  = errorKind{"canceled", statusClientClosed}
	internal  = errorKind{"internal", http.StatusInternalServerError}
	notFound  = errorKind{"not_found", http.StatusNotFound}
	// Kinds with a status of their own; their names are those of the kinds above.
	tooLarge   = errorKind{"bad_data", http.StatusRequestEntityTooLarge}
	notAllowed = errorKind{"bad_data", http.StatusMethodNotAllowed}
)

// apiError is an error with its kind.
type apiError struct {
	errorKind
	err error
}

// Error returns the error's text.
func (e *apiError) Error() string { return e.err.Error() }

// Unwrap returns the error without its kind.
func (e *apiError) Unwrap() error { return e.err }

// invalid reports a parameter with a wrong value.
func invalid(parameter string, err error) error {
	return &apiError{badData, fmt.Errorf("invalid parameter %q: %w", parameter, err)}
}

// bad reports a request that is wrong as a whole.
func bad(err error) error { return &apiError{badData, err} }

// kindOf returns the kind of an error of a request.
func kindOf(err error) errorKind {
	var own *apiError
	var large *http.MaxBytesError
	var storageErr promql.ErrStorage
	switch {
	case errors.As(err, &own):
		return own.errorKind
	case errors.As(err, &large):
		return tooLarge
	case errors.As(err, new(promql.ErrQueryTimeout)), errors.Is(err, context.DeadlineExceeded):
		return timedOut
	case errors.As(err, new(promql.ErrQueryCanceled)), errors.Is(err, context.Canceled):
		return canceled
	case errors.As(err, new(*query.PanicError)):
		return internal
	case errors.As(err, new(*query.LimitError)), errors.As(err, new(*query.BytesError)):
		return execution
	case errors.As(err, &storageErr):
		return internal
	}
	return execution
}

// prepareError returns the error of a query that the engine does not accept.
func prepareError(err error) error {
	if errors.As(err, new(*query.StepsError)) {
		return &apiError{execution, err}
	}
	return invalid("query", err)
}
