package agentdir

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/net/http/httpguts"

	"github.com/pcparchive/pcparchive/internal/redact"
)

// URLFile is the content of a .url file.
type URLFile struct {
	URL     *url.URL
	Headers http.Header
	Rules   Rules
}

// LineError is a line of a .url file that cannot be used. The rest of the file holds.
type LineError struct {
	Line int // from 1
	Err  error
}

// Error names the line and the cause.
func (e *LineError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

// Unwrap returns the cause.
func (e *LineError) Unwrap() error { return e.Err }

// errNoURL means that a .url file has comments and blank lines only.
var errNoURL = errors.New("no URL")

// ParseURLFile reads a .url file. The first line that is neither blank nor a comment is
// the URL; the others begin with a keyword. faults are the lines that it passed over, in whole
// or in part.
// The errors contain no value of a header and no user, password or query of the URL.
func ParseURLFile(text string) (f *URLFile, faults []*LineError, err error) {
	f = &URLFile{Headers: http.Header{}}
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSpace(line)
		if number == 1 {
			line = strings.TrimPrefix(line, "\ufeff") // some editors begin files so
		}
		switch {
		case line == "" || line[0] == '#':
		case f.URL == nil:
			if f.URL, err = parseURL(line); err != nil {
				return nil, faults, &LineError{number, err}
			}
		default:
			if err := f.keyword(line); err != nil {
				faults = append(faults, &LineError{number, err})
			}
		}
	}
	if f.URL == nil {
		return nil, faults, errNoURL
	}
	return f, faults, nil
}

// keyword reads a line after the URL.
func (f *URLFile) keyword(line string) error {
	word, rest, _ := strings.Cut(line, ":")
	switch word {
	case "HEADER":
		return f.header(rest)
	case "FILTER":
		return f.Rules.addFilter(rest)
	case "METADATA":
		return f.Rules.addMetadata(rest)
	}
	return errors.New("want HEADER:, FILTER:, METADATA: or a comment")
}

// header reads "name: value". A later header of the same name replaces an earlier one.
func (f *URLFile) header(text string) error {
	name, value, ok := strings.Cut(text, ":")
	name = strings.Join(strings.Fields(name), "")
	value = strings.Join(strings.Fields(value), " ")
	switch {
	case !ok || !httpguts.ValidHeaderFieldName(name):
		return errors.New("HEADER: want name: value")
	case !httpguts.ValidHeaderFieldValue(value):
		return fmt.Errorf("HEADER: %s: the value has characters that HTTP rejects", name)
	}
	f.Headers.Set(name, value)
	return nil
}

// parseURL reads the URL of a source.
func parseURL(text string) (*url.URL, error) {
	if rest, ok := strings.CutPrefix(text, "http+unix://"); ok {
		return escapedSocket(rest)
	}
	u, err := url.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%q is not a URL", redact.ShowURL(text))
	}
	switch {
	case (u.Scheme == "http" || u.Scheme == "https") && u.Host != "":
	case u.Scheme == "unix" && u.Path != "":
	case u.Scheme == "file" && u.Path != "":
	default:
		return nil, fmt.Errorf("%q is not an http, https, file or unix URL", redact.ShowURL(text))
	}
	return u, nil
}

// escapedSocket returns the unix URL for the rest of an http+unix URL, in which the path of the
// socket stands escaped in place of the host.
func escapedSocket(rest string) (*url.URL, error) {
	host, path, _ := strings.Cut(rest, "/")
	socket, err := url.PathUnescape(host)
	if err != nil || socket == "" {
		return nil, errors.New("http+unix: want the path of a socket with %2F for each slash, then the path of the page")
	}
	page, err := url.Parse("/" + path)
	if err != nil {
		return nil, errors.New("http+unix: the path of the page is not valid")
	}
	return &url.URL{Scheme: "unix", Path: socket + ":" + page.Path, RawQuery: page.RawQuery}, nil
}
