package receive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/pcparchive/pcparchive/archive"
)

// Handler serves the protocol below [Root].
func (r *Receiver) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc(PathPing, r.only(http.MethodGet, func(*http.Request) (*Reply, error) { return &Reply{Success: true}, nil }))
	mux.HandleFunc(PathLabel, r.only(http.MethodPost, r.postLabel))
	mux.HandleFunc(PathMeta+"{archive}", r.only(http.MethodPost, r.postTo(archive.RoleMeta)))
	mux.HandleFunc(PathIndex+"{archive}", r.only(http.MethodPost, r.postTo(archive.RoleIndex)))
	mux.HandleFunc(PathVolume+"{volume}/{archive}", r.only(http.MethodPost, r.postTo(archive.RoleData)))
	mux.HandleFunc(PathStatus+"{archive}", r.only(http.MethodGet, r.getStatus))
	mux.HandleFunc(PathFinish+"{archive}", r.only(http.MethodPost, r.postFinish))
	mux.HandleFunc(Root, func(w http.ResponseWriter, _ *http.Request) {
		(&Reply{Message: "no such path; see docs/push.md"}).write(w, http.StatusNotFound)
	})
	// Pages of other origins must not push.
	return http.NewCrossOriginProtection().Handler(mux)
}

// only answers requests of one method.
func (r *Receiver) only(method string, answer func(*http.Request) (*Reply, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		client := req.URL.Query().Get(ParamClient)
		if req.Method != method {
			w.Header().Set("Allow", method)
			(&Reply{Client: client, Message: "send a " + method + " request"}).write(w, http.StatusMethodNotAllowed)
			return
		}
		reply, err := answer(req)
		if err == nil {
			reply.Client = client
			reply.write(w, http.StatusOK)
			return
		}
		r.count(func(c *Counts) { c.Refused++ })
		refusal := r.refusal(req, err)
		if refusal.RetryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(refusal.RetryAfter.Seconds()))))
		}
		(&Reply{Client: client, Message: refusal.Reason, Offset: refusal.Offset}).write(w, refusal.Status)
	}
}

// refusal returns what to tell the client of an error.
func (r *Receiver) refusal(req *http.Request, err error) *Refusal {
	var known *Refusal
	if errors.As(err, &known) {
		r.opts.Logger.Debug("refused", "path", req.URL.Path, "client", req.RemoteAddr, "reason", known.Reason)
		return known
	}
	r.opts.Logger.Error("receiving failed", "path", req.URL.Path, "client", req.RemoteAddr, "err", err)
	if errors.Is(err, syscall.ENOSPC) {
		return refuse(http.StatusInsufficientStorage, "the disk of the server is full")
	}
	return refuse(http.StatusInternalServerError, "the server failed; its log has the reason")
}

// postLabel begins an archive.
func (r *Receiver) postLabel(req *http.Request) (*Reply, error) {
	idle, err := r.idle(req)
	if err != nil {
		return nil, err
	}
	raw, release, err := r.part(req)
	if err != nil {
		return nil, err
	}
	defer release()
	in, err := r.begin(raw, idle)
	if err != nil {
		return nil, err
	}
	return &Reply{Archive: in.number, Success: true}, nil
}

// idle returns the time after which a client wants its archive to be complete.
func (r *Receiver) idle(req *http.Request) (time.Duration, error) {
	text := req.URL.Query().Get(ParamTimeout)
	if text == "" {
		return r.opts.Idle, nil
	}
	seconds, err := strconv.ParseFloat(text, 64)
	if err != nil || !(seconds > 0) || seconds > r.opts.Abandon.Seconds() {
		return 0, refuse(statusBad, "%s=%.40q: want a number of seconds up to %v", ParamTimeout, text, r.opts.Abandon.Seconds())
	}
	return time.Duration(seconds * float64(time.Second)), nil
}

// postTo receives parts of files of a role.
func (r *Receiver) postTo(role archive.Role) func(*http.Request) (*Reply, error) {
	return func(req *http.Request) (*Reply, error) {
		number, err := archiveNumber(req)
		if err != nil {
			return nil, err
		}
		f := file{role: role}
		if role == archive.RoleData {
			n, err := parseNumber("volume", req.PathValue("volume"), 0, MaxVolumes-1)
			if err != nil {
				return nil, err
			}
			f.volume = int32(n)
		}
		offset := int64(-1)
		if text := req.URL.Query().Get(ParamOffset); text != "" {
			if offset, err = parseNumber(ParamOffset, text, 0, math.MaxInt64); err != nil {
				return nil, err
			}
		}
		part, release, err := r.part(req)
		if err != nil {
			return nil, err
		}
		defer release()
		if err := r.accept(req.Context(), number, f, part, offset); err != nil {
			return nil, err
		}
		return &Reply{Success: true}, nil
	}
}

// getStatus replies with the sizes of files.
func (r *Receiver) getStatus(req *http.Request) (*Reply, error) {
	number, err := archiveNumber(req)
	if err != nil {
		return nil, err
	}
	in, err := r.find(number)
	if err != nil {
		return nil, err
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.ended {
		return nil, refuse(statusGone, "the archive %d is complete", number)
	}
	return in.status(), nil
}

// postFinish publishes an archive.
func (r *Receiver) postFinish(req *http.Request) (*Reply, error) {
	number, err := archiveNumber(req)
	if err != nil {
		return nil, err
	}
	path, err := r.finish(number)
	if err != nil {
		return nil, err
	}
	return &Reply{Archive: number, Path: path, Success: true}, nil
}

func archiveNumber(req *http.Request) (uint32, error) {
	n, err := parseNumber("archive", req.PathValue("archive"), 1, math.MaxInt32)
	return uint32(n), err
}

// parseNumber parses a decimal number within limits.
func parseNumber(what, text string, least, most int64) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < least || n > most || strings.HasPrefix(text, "+") {
		return 0, refuse(statusBad, "%s %.40q: want a number from %d to %d", what, text, least, most)
	}
	return n, nil
}

// partTypes are the accepted types of parts: that of the protocol, and that of curl.
var partTypes = []string{PartType, "application/x-www-form-urlencoded"}

// patience is how long a request waits for memory.
const patience = 20 * time.Second

// part reads the body of a request. The caller calls release when it does not need the
// body any more.
func (r *Receiver) part(req *http.Request) (part []byte, release func(), err error) {
	if text := req.Header.Get("Content-Type"); text != "" {
		if kind, _, err := mime.ParseMediaType(text); err != nil || !slices.Contains(partTypes, kind) {
			return nil, nil, refuse(statusBad, "Content-Type %.60q: want %s", text, PartType)
		}
	}
	if text := req.Header.Get("Content-Encoding"); text != "" && text != "identity" {
		return nil, nil, refuse(statusBad, "Content-Encoding %.60q: send parts as they are", text)
	}
	length := req.ContentLength
	if length > MaxPart {
		return nil, nil, tooLong()
	}
	if length < 0 {
		length = MaxPart
	}
	ctx, cancel := context.WithTimeout(req.Context(), patience)
	defer cancel()
	if r.memory.Acquire(ctx, length) != nil {
		return nil, nil, &Refusal{Status: http.StatusServiceUnavailable, Reason: "the server receives too much at the same time", RetryAfter: time.Second}
	}
	release = func() { r.memory.Release(length) }
	part, err = io.ReadAll(io.LimitReader(req.Body, MaxPart+1))
	switch {
	case err != nil:
		err = refuse(statusBad, "the part did not arrive completely: %v", err)
	case len(part) > MaxPart:
		err = tooLong()
	case len(part) == 0:
		err = refuse(statusBad, "the part is empty")
	}
	if err != nil {
		release()
		return nil, nil, err
	}
	return part, release, nil
}

func tooLong() *Refusal {
	return refuse(statusBad, "the part is too long: send at most %s bytes at a time", fmt.Sprint(MaxPart))
}
