package agentdir

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"
)

// document is the reply of a source.
type document struct {
	body        []byte
	buffer      *[]byte // that body is in; nil if nobody else may use it
	code        int     // HTTP status, 0 for files and executables
	openMetrics bool
	contentType string // of OpenMetrics
}

// free gives back the buffer of the body.
func (d *document) free() {
	if d.buffer != nil {
		freePage(d.buffer)
		d.buffer, d.body = nil, nil
	}
}

// fetcher gets the documents of sources.
type fetcher struct {
	client    *http.Client
	unix      func(socket string) *http.Client
	userAgent string
	limit     int64 // size of the longest document in bytes
}

// tooLongError means that a document exceeds the limit.
type tooLongError struct{ limit int64 }

func (e *tooLongError) Error() string {
	return fmt.Sprintf("the page is longer than %d bytes", e.limit)
}

func newFetcher(userAgent string, limit int64) *fetcher {
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true,
		DialContext:     (&net.Dialer{}).DialContext,
		IdleConnTimeout: 5 * time.Minute, MaxIdleConnsPerHost: 1000, TLSHandshakeTimeout: time.Minute,
	}
	return &fetcher{
		client: &http.Client{Transport: transport}, userAgent: userAgent, limit: limit,
		unix: func(socket string) *http.Client {
			return &http.Client{Transport: &http.Transport{
				DisableKeepAlives: true,
				DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
					return (&net.Dialer{}).DialContext(ctx, "unix", socket)
				},
			}}
		},
	}
}

// close ends idle connections.
func (f *fetcher) close() { f.client.CloseIdleConnections() }

// get returns the document of a source. stderr is what an executable wrote to standard
// error.
func (f *fetcher) get(ctx context.Context, s *Source) (d document, stderr string, err error) {
	if s.exec {
		d.body, stderr, err = runExecutable(ctx, s.path, f.limit)
		return d, stderr, err
	}
	u := s.file.URL
	switch u.Scheme {
	case "file":
		d.body, err = f.readFile(ctx, u.Path)
	case "unix":
		socket, path := splitSocket(u.Path)
		d, err = f.request(ctx, f.unix(socket), &url.URL{Scheme: "http", Host: "localhost", Path: path, RawQuery: u.RawQuery}, s.file.Headers)
	default:
		d, err = f.request(ctx, f.client, u, s.file.Headers)
	}
	return d, "", err
}

// splitSocket splits the path of a unix URL at the end of the socket's name: at a colon, or
// after the first part of the path that is no folder.
func splitSocket(path string) (socket, rest string) {
	if socket, rest, ok := strings.Cut(path, ":"); ok {
		return socket, "/" + strings.TrimPrefix(rest, "/")
	}
	for i := 1; i < len(path); i++ {
		if path[i] != '/' {
			continue
		}
		if info, err := os.Stat(path[:i]); err == nil && info.Mode()&os.ModeSocket != 0 {
			return path[:i], path[i:]
		}
	}
	return path, "/metrics"
}

// readFile reads a file. A pipe without a writer must not hold the caller, so reading goes on
// in a goroutine.
func (f *fetcher) readFile(ctx context.Context, path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: not a regular file", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	body, err := f.readAll(ctx, file, nil, info.Size())
	return body, errors.Join(err, file.Close())
}

// request gets a document over HTTP.
func (f *fetcher) request(ctx context.Context, client *http.Client, u *url.URL, headers http.Header) (d document, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return d, err
	}
	req.Header = headers.Clone()
	req.Header.Del("Accept-Encoding") // the client asks for gzip, and unpacks it
	if host := req.Header.Get("Host"); host != "" {
		req.Host = host
	}
	if req.Header.Get("User-Agent") == "" {
		req.Header.Set("User-Agent", f.userAgent)
	}
	if req.Header.Get("Accept") == "" {
		req.Header.Set("Accept", "*/*")
	}
	resp, err := client.Do(req)
	if err != nil {
		var failed *url.Error
		if errors.As(err, &failed) {
			err = failed.Err // the URL may have secrets
		}
		return d, err
	}
	defer func() { _ = resp.Body.Close() }()
	d.code = resp.StatusCode
	if d.code < 200 || d.code > 299 {
		_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)) // so that the connection can be used again
		return d, fmt.Errorf("server returned HTTP status %s", resp.Status)
	}
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	switch kind {
	case "application/openmetrics-text":
		d.openMetrics, d.contentType = true, resp.Header.Get("Content-Type")
	case "application/vnd.google.protobuf":
		return d, errors.New("the server sent Protobuf: a source of a configuration folder is text; mend its HEADER: Accept")
	}
	d.buffer = newPage()
	d.body, err = f.readAll(ctx, resp.Body, *d.buffer, resp.ContentLength)
	*d.buffer = d.body
	return d, err
}

// readAll appends a document up to the limit to b, which is empty. length is its likely
// length; a negative one is unknown.
func (f *fetcher) readAll(ctx context.Context, r io.Reader, b []byte, length int64) ([]byte, error) {
	const most = 1 << 20 // that a length alone makes us allocate
	b = slices.Grow(b, int(min(max(length, 0), most))+bytes.MinRead)
	body := bytes.NewBuffer(b)
	_, err := body.ReadFrom(io.LimitReader(r, f.limit+1))
	if err == nil {
		err = ctx.Err()
	}
	if err == nil && int64(body.Len()) > f.limit {
		err = &tooLongError{f.limit}
	}
	return body.Bytes(), err
}
