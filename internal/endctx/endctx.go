// Package endctx makes contexts that end at a chosen check, for tests.
package endctx

import (
	"context"
	"sync/atomic"
)

// Context is a context that ends when it is asked for the n-th time. Several goroutines may
// ask it.
type Context struct {
	context.Context
	// Then is called just before the context ends. It may be nil.
	Then func()

	end    context.CancelFunc
	at     int64
	checks atomic.Int64
}

// At returns a Context that ends with the n-th call of Err.
func At(n int) *Context {
	c := &Context{at: int64(n)}
	c.Context, c.end = context.WithCancel(context.Background())
	return c
}

// Err returns nil, or context.Canceled after the end.
func (c *Context) Err() error {
	if c.checks.Add(1) == c.at {
		if c.Then != nil {
			c.Then()
		}
		c.end()
	}
	return c.Context.Err()
}

// Checks returns the number of calls of Err.
func (c *Context) Checks() int { return int(c.checks.Load()) }

// Ended reports whether the context has ended. It is no check.
func (c *Context) Ended() bool { return c.Context.Err() != nil }
