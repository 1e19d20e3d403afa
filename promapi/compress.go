package promapi

import (
	"io"
	"net/http"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/pcparchive/pcparchive/internal/accept"
)

// compressor is a ResponseWriter that compresses a reply if the client accepts it and
// the reply is not short.
type compressor struct {
	http.ResponseWriter
	encoding string // "" for none
	status   int    // zero before WriteHeader
	held     []byte // the beginning of the body, until it is clear whether to compress
	body     io.WriteCloser
	plain    bool // write without compression
}

// worthwhile is the size in bytes from which a reply is compressed.
const worthwhile = 1 << 10

func newCompressor(w http.ResponseWriter, r *http.Request) *compressor {
	w.Header().Add("Vary", "Accept-Encoding")
	encoding := accept.Encoding(r.Header, "zstd", "gzip")
	return &compressor{ResponseWriter: w, encoding: encoding, plain: encoding == "" || r.Method == http.MethodHead}
}

// WriteHeader notes the status, which is sent with the first bytes. A second call has
// no effect.
func (c *compressor) WriteHeader(status int) {
	if c.status == 0 {
		c.status = status
	}
}

// Write takes a part of the body.
func (c *compressor) Write(p []byte) (int, error) {
	c.WriteHeader(http.StatusOK)
	switch {
	case c.body != nil:
		return c.body.Write(p)
	case !c.plain && len(c.held)+len(p) < worthwhile:
		c.held = append(c.held, p...)
		return len(p), nil
	}
	c.begin()
	if _, err := c.body.Write(c.held); err != nil {
		return 0, err
	}
	c.held = nil
	return c.body.Write(p)
}

// begin sends the header.
func (c *compressor) begin() {
	switch {
	case c.plain:
		c.body = plainBody{c.ResponseWriter}
	case c.encoding == "zstd":
		c.body = zstdBody(c.ResponseWriter)
	default:
		c.body = gzipBody(c.ResponseWriter)
	}
	if !c.plain {
		c.Header().Set("Content-Encoding", c.encoding)
		c.Header().Del("Content-Length")
	}
	c.ResponseWriter.WriteHeader(c.status)
}

// Close ends the body.
func (c *compressor) Close() {
	if c.body == nil {
		if c.status == 0 {
			return // somebody else has written the reply
		}
		c.plain = true
		c.begin()
		_, _ = c.body.Write(c.held) // fails if the client is gone
	}
	_ = c.body.Close()
}

// plainBody is a body without compression.
type plainBody struct{ io.Writer }

// Close does nothing.
func (plainBody) Close() error { return nil }

// pooled returns an encoder to its pool when it is closed.
type pooled[E interface {
	io.WriteCloser
	Reset(io.Writer)
}] struct {
	enc  E
	pool *sync.Pool
}

// Write compresses p.
func (p pooled[E]) Write(b []byte) (int, error) { return p.enc.Write(b) }

// Close ends the compressed data.
func (p pooled[E]) Close() error {
	err := p.enc.Close()
	p.enc.Reset(nil)
	p.pool.Put(p.enc)
	return err
}

var (
	gzipPool = &sync.Pool{New: func() any {
		w, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed) // the level is valid
		return w
	}}
	zstdPool = &sync.Pool{New: func() any {
		w, _ := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<18)) // the options are valid
		return w
	}}
)

func gzipBody(w io.Writer) io.WriteCloser {
	enc := gzipPool.Get().(*gzip.Writer)
	enc.Reset(w)
	return pooled[*gzip.Writer]{enc, gzipPool}
}

func zstdBody(w io.Writer) io.WriteCloser {
	enc := zstdPool.Get().(*zstd.Encoder)
	enc.Reset(w)
	return pooled[*zstd.Encoder]{enc, zstdPool}
}
