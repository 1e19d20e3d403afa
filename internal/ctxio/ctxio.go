// Package ctxio makes readers and writers that stop when a context ends.
package ctxio

import (
	"context"
	"io"
)

// NewReader returns a reader of r that returns the error of ctx once ctx has ended.
func NewReader(ctx context.Context, r io.Reader) io.Reader { return reader{ctx, r} }

// NewWriter returns a writer to w that returns the error of ctx once ctx has ended.
func NewWriter(ctx context.Context, w io.Writer) io.Writer { return writer{ctx, w} }

type reader struct {
	ctx context.Context
	r   io.Reader
}

// Read reads unless the context has ended.
func (r reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}

type writer struct {
	ctx context.Context
	w   io.Writer
}

// Write writes p unless the context has ended.
func (w writer) Write(p []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	return w.w.Write(p)
}
