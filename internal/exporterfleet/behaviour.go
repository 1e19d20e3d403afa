package exporterfleet

import (
	"compress/gzip"
	"net"
	"net/http"
	"strconv"
	"time"
)

// Behaviour is the way in which a target answers.
type Behaviour int

// The behaviours. Only Good and Slow targets send complete pages.
const (
	Good         Behaviour = iota
	Slow                   // sends a few bytes a second, for a minute
	Hang                   // accepts the request and never answers
	Reset                  // resets the connection within the page
	Truncated              // sends less than it announces
	WrongType              // sends JSON
	Status500              // fails
	InvalidLine            // sends a line that is not in the format, within the page
	GiantBody              // sends a page without an end
	RedirectLoop           // redirects to itself
	GzipBomb               // sends a small page that decompresses to a giant one
	behaviours
)

// Bad returns all behaviours but Good and Slow.
func Bad() (all []Behaviour) {
	for b := Hang; b < behaviours; b++ {
		all = append(all, b)
	}
	return all
}

// answer answers a request for a page.
func (f *Fleet) answer(w http.ResponseWriter, r *http.Request, n int) {
	asked := time.Now()
	t := &f.targets[n]
	t.mu.Lock()
	t.scrapes++
	scrape := t.scrapes
	t.mu.Unlock()
	if !f.wait(r, f.opts.Delay) {
		return
	}
	behave := Good
	if f.opts.Behave != nil {
		behave = f.opts.Behave(n)
	}
	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	*buf = f.page((*buf)[:0], n, scrape)
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	if behave != Good {
		f.misbehave(w, r, behave, *buf)
		return
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(*buf)))
	if _, err := w.Write(*buf); err != nil {
		return
	}
	if flusher, ok := w.(http.Flusher); ok {
		flusher.Flush()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.served++
	t.last = Answer{Scrape: scrape, Asked: asked, Done: time.Now()}
	if f.opts.Keep {
		t.answers = append(t.answers, t.last)
	}
}

// wait waits, and reports whether the answer is still wanted.
func (f *Fleet) wait(r *http.Request, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	select {
	case <-r.Context().Done():
		return false
	case <-f.stop:
		return false
	case <-time.After(d):
		return true
	}
}

// misbehave answers as only faulty exporters do.
func (f *Fleet) misbehave(w http.ResponseWriter, r *http.Request, behave Behaviour, page []byte) {
	half := len(page) / 2
	switch behave {
	case Slow:
		for i := range 60 {
			if _, err := w.Write(page[i : i+1]); err != nil || !f.wait(r, time.Second) {
				return
			}
			_ = http.NewResponseController(w).Flush() // a failure ends the next write
		}
	case Hang:
		f.wait(r, time.Hour)
	case Reset:
		_, _ = w.Write(page[:half])
		_ = http.NewResponseController(w).Flush()
		reset(w)
	case Truncated:
		w.Header().Set("Content-Length", strconv.Itoa(len(page)))
		_, _ = w.Write(page[:half])
	case WrongType:
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"status":"success"}`))
	case Status500:
		http.Error(w, "out of order", http.StatusInternalServerError)
	case InvalidLine:
		_, _ = w.Write(page)
		_, _ = w.Write([]byte("this is no line of the format{\n"))
	case GiantBody:
		for f.wait(r, time.Microsecond) {
			if _, err := w.Write(page); err != nil {
				return
			}
		}
	case RedirectLoop:
		http.Redirect(w, r, r.URL.Path, http.StatusFound)
	case GzipBomb:
		w.Header().Set("Content-Encoding", "gzip")
		f.bomb(w)
	}
}

// reset ends a connection without its end.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// bomb sends comments that decompress to a gigabyte.
func (f *Fleet) bomb(w http.ResponseWriter) {
	z := gzip.NewWriter(w)
	line := append(make([]byte, 0, 64<<10), '#', ' ')
	for len(line) < 64<<10-1 {
		line = append(line, 'a')
	}
	line = append(line, '\n')
	for range 16 << 10 {
		if _, err := z.Write(line); err != nil {
			return
		}
	}
	_ = z.Close() // the client sees a failure
}
