// Package push sends archives to a receiver: 'pcparchive serve --receive', or pmproxy of
// PCP 7. docs/push.md describes the protocol.
//
//	client, err := push.New("https://server:44322", push.Options{})
//	result, err := client.Archive(ctx, "/var/log/pcp/pmlogger/web1/20260301.00.10")
//
// To a receiver of package receive, a Client sends what it lacks: after a lost connection
// it continues, and an archive that is complete there is not sent again. To pmproxy, it
// sends everything once, as pmlogpush does.
package push

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/eof"
	"github.com/pcparchive/pcparchive/internal/redact"
	"github.com/pcparchive/pcparchive/receive"
)

// Options configure a [Client]. The zero value of a field means its default.
type Options struct {
	// Transport sends the requests. Nil means http.DefaultTransport.
	Transport http.RoundTripper
	// Part is the number of bytes of a part, 1 MiB by default.
	Part int
	// Patience is how long the Client tries to reach the server, a minute by default.
	// A negative value means that it tries once.
	Patience time.Duration

	pause time.Duration // before the second attempt, for tests
}

// The defaults of [Options].
const (
	defaultPart     = 1 << 20
	defaultPatience = time.Minute
	defaultPause    = 100 * time.Millisecond
	longestPause    = 100 * defaultPause
	replyTimeout    = 2 * time.Minute
	mostReply       = 1 << 20
)

// Client pushes archives to a server. Several goroutines may use it.
type Client struct {
	http     *http.Client
	server   *url.URL
	name     string // host and port of the server
	part     int
	patience time.Duration
	pause    time.Duration
}

// New returns a Client for the server at an address such as http://host:44322. The address
// may have a user, a password and the beginning of a path.
func New(address string, o Options) (*Client, error) {
	u, err := redact.Server(address, receive.DefaultPort)
	if err != nil {
		return nil, err
	}
	c := &Client{http: &http.Client{Transport: o.Transport, Timeout: replyTimeout}, server: u, name: u.Host, part: o.Part, patience: o.Patience,
		pause: cmp.Or(o.pause, defaultPause)}
	if c.part <= 0 || c.part > receive.MaxPart {
		c.part = defaultPart
	}
	if c.patience == 0 {
		c.patience = defaultPatience
	}
	return c, nil
}

// Result describes a pushed archive.
type Result struct {
	Bytes   int64  // sent
	Path    string // where the server published the archive, below its folder; "" if it does not say
	Already bool   // the server has the archive already; nothing was sent
}

// Error is a refusal of the server.
type Error struct {
	Server string // host and port
	Status int    // of HTTP
	Reason string
}

// Error names the server and the reason.
func (e *Error) Error() string {
	if e.Reason == "" {
		return fmt.Sprintf("%s: status %d: %s", e.Server, e.Status, http.StatusText(e.Status))
	}
	return fmt.Sprintf("%s: status %d: %s", e.Server, e.Status, e.Reason)
}

// Archive pushes the archive with a base path. An [*Error] is the server's refusal.
func (c *Client) Archive(ctx context.Context, base string) (Result, error) {
	src, err := open(base)
	if err != nil {
		return Result{}, err
	}
	var result Result
	end := time.Now().Add(c.patience)
	for pause := c.pause; ; pause = min(2*pause, longestPause) {
		before := result.Bytes
		again, err := c.attempt(ctx, src, &result)
		if result.Bytes > before {
			end, pause = time.Now().Add(c.patience), c.pause
		}
		if err == nil || !again || ctx.Err() != nil || time.Now().Add(pause).After(end) {
			return result, err
		}
		select {
		case <-ctx.Done():
			return result, ctx.Err()
		case <-time.After(pause):
		}
	}
}

// attempt sends what the server lacks. again reports whether another attempt may succeed.
func (c *Client) attempt(ctx context.Context, src *source, result *Result) (again bool, err error) {
	reply, err := c.send(ctx, http.MethodPost, receive.PathLabel, src.label)
	var refused *Error
	if errors.As(err, &refused) && refused.Status == http.StatusConflict {
		result.Already = result.Bytes == 0
		return false, nil
	}
	if err != nil {
		return temporary(err), err
	}
	number := strconv.FormatUint(uint64(reply.Archive), 10)
	status, err := c.send(ctx, http.MethodGet, receive.PathStatus+number, nil)
	if errors.As(err, &refused) && !temporary(err) {
		status = nil // pmproxy
	} else if err != nil {
		return temporary(err), err
	}
	for _, m := range src.members {
		if err := c.file(ctx, m, number, int64(len(src.label)), status, result); err != nil {
			return status != nil && temporary(err), err
		}
	}
	if status == nil {
		return false, nil
	}
	reply, err = c.send(ctx, http.MethodPost, receive.PathFinish+number, nil)
	if errors.As(err, &refused) && refused.Status == http.StatusGone {
		return false, nil // the reply to an earlier attempt was lost
	}
	if err != nil {
		return temporary(err), err
	}
	result.Path = reply.Path
	return false, nil
}

// temporary reports whether an error may go away.
func temporary(err error) bool {
	var refused *Error
	if !errors.As(err, &refused) {
		return true
	}
	switch refused.Status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// file sends the bytes of a file that the server lacks.
func (c *Client) file(ctx context.Context, m archive.Member, number string, label int64, status *receive.Reply, result *Result) error {
	path, offset := receive.PathMeta, label
	switch m.Role {
	case archive.RoleIndex:
		path = receive.PathIndex
	case archive.RoleData:
		path = receive.PathVolume + strconv.Itoa(m.Volume) + "/"
	}
	if status != nil {
		has := map[archive.Role]int64{archive.RoleMeta: status.Meta, archive.RoleIndex: status.Index, archive.RoleData: status.Volumes[strconv.Itoa(m.Volume)]}
		offset = max(offset, has[m.Role])
	}
	f, err := archive.OpenMember(m, nil)
	if err != nil {
		return err
	}
	defer f.Close()
	in := f.From(offset)
	part := make([]byte, c.part)
	for {
		n, err := io.ReadFull(in, part)
		if n > 0 {
			target := path + number
			if status != nil {
				target += "?" + receive.ParamOffset + "=" + strconv.FormatInt(offset, 10)
			}
			if _, err := c.send(ctx, http.MethodPost, target, part[:n]); err != nil {
				return err
			}
			offset += int64(n)
			result.Bytes += int64(n)
		}
		switch {
		case eof.Is(err):
			return nil
		case err != nil:
			return fmt.Errorf("%s: %w", m.Path, err)
		}
	}
}

// send sends a request and reads the reply.
func (c *Client) send(ctx context.Context, method, path string, body []byte) (*receive.Reply, error) {
	target := *c.server
	path, query, _ := strings.Cut(path, "?")
	target.Path, target.RawQuery = strings.TrimSuffix(target.Path, "/")+path, query
	req, err := http.NewRequestWithContext(ctx, method, target.String(), bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.name, err)
	}
	req.Header.Set("Content-Type", receive.PartType)
	resp, err := c.http.Do(req)
	if err != nil {
		var failed *url.Error
		if errors.As(err, &failed) {
			err = failed.Err // its address has secrets
		}
		return nil, fmt.Errorf("%s: %w", c.name, err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, mostReply))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.name, err)
	}
	var reply receive.Reply
	bad := json.Unmarshal(raw, &reply)
	switch {
	case resp.StatusCode != http.StatusOK:
		return nil, &Error{c.name, resp.StatusCode, reply.Message}
	case bad != nil || !reply.Success:
		return nil, &Error{c.name, resp.StatusCode, "not the reply of a receiver of archives"}
	}
	return &reply, nil
}
