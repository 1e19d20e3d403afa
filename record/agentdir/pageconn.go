package agentdir

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// pageConn is a connection of the scraper to the gateway. It has no other end: the reader of
// the connection fetches the page that the request asks for. A server would cost three
// goroutines and two copies of the page for each scrape.
type pageConn struct {
	gate *gateway
	ctx  context.Context // ends when the connection is closed
	end  context.CancelFunc
	wake chan struct{} // has an element after the request became complete

	mu      sync.Mutex
	request []byte // not answered yet
	reply   net.Buffers
	page    *[]byte // that the reply holds; nil if there is none
}

var _ net.Conn = (*pageConn)(nil)

func newPageConn(g *gateway) *pageConn {
	c := &pageConn{gate: g, wake: make(chan struct{}, 1)}
	c.ctx, c.end = context.WithCancel(g.ctx)
	return c
}

// endOfHead ends a request: the scraper's have no body.
var endOfHead = []byte("\r\n\r\n")

// Write takes a part of a request.
func (c *pageConn) Write(b []byte) (int, error) {
	if c.ctx.Err() != nil {
		return 0, net.ErrClosed
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.request = append(c.request, b...)
	if bytes.HasSuffix(c.request, endOfHead) {
		select {
		case c.wake <- struct{}{}:
		default:
		}
	}
	return len(b), nil
}

// Read waits for a request, fetches the page, and returns the reply part by part.
func (c *pageConn) Read(b []byte) (int, error) {
	if n := c.next(b); n > 0 {
		return n, nil
	}
	select {
	case <-c.ctx.Done():
		return 0, io.EOF
	case <-c.wake:
	}
	c.mu.Lock()
	request, err := http.ReadRequest(bufio.NewReaderSize(bytes.NewReader(c.request), len(c.request)))
	c.request = c.request[:0]
	c.mu.Unlock()
	if err != nil {
		return 0, err
	}
	reply, page := c.gate.reply(c.ctx, request)
	if c.ctx.Err() != nil {
		return 0, io.EOF
	}
	c.mu.Lock()
	c.reply, c.page = reply, page
	c.mu.Unlock()
	return c.next(b), nil
}

// next moves a part of the reply to b. The page is free for others after its last part.
func (c *pageConn) next(b []byte) (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n, _ = c.reply.Read(b) // fails at the end
	if len(c.reply) == 0 && c.page != nil {
		freePage(c.page)
		c.page = nil
	}
	return n
}

// Close ends the fetch that is under way.
func (c *pageConn) Close() error {
	c.end()
	return nil
}

// LocalAddr returns an address without meaning.
func (c *pageConn) LocalAddr() net.Addr { return pageAddr{} }

// RemoteAddr returns an address without meaning.
func (c *pageConn) RemoteAddr() net.Addr { return pageAddr{} }

// SetDeadline does nothing: the scraper ends a request by closing the connection.
func (c *pageConn) SetDeadline(time.Time) error { return nil }

// SetReadDeadline does nothing.
func (c *pageConn) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline does nothing.
func (c *pageConn) SetWriteDeadline(time.Time) error { return nil }

type pageAddr struct{}

func (pageAddr) Network() string { return "page" }
func (pageAddr) String() string  { return "page" }

// pages are buffers of pages that have been read.
var pages = sync.Pool{New: func() any { return new([]byte) }}

// newPage returns an empty buffer for a page.
func newPage() *[]byte {
	b := pages.Get().(*[]byte)
	*b = (*b)[:0]
	return b
}

// freePage keeps the buffer of a page for the next one, unless it is exceptionally large.
func freePage(b *[]byte) {
	const most = 4 << 20
	if cap(*b) <= most {
		pages.Put(b)
	}
}
