// Package endctx makes contexts that end at a chosen check, for tests.
package endctx

import "context"

// Context is a context that ends when it is asked for the n-th time. It is for one
// goroutine.
type Context struct {
	context.Context
	left   int
	checks int
}

// At returns a Context whose first n-1 calls of Err return nil.
func At(n int) *Context { return &Context{context.Background(), n - 1, 0} }

// Err returns nil, or context.Canceled after the end.
func (c *Context) Err() error {
	c.checks++
	if c.left <= 0 {
		return context.Canceled
	}
	c.left--
	return nil
}

// Checks returns the number of calls of Err.
func (c *Context) Checks() int { return c.checks }
