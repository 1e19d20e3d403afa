// Package pipenet is a network in memory, for tests in which only their clock makes anything
// wait.
package pipenet

import (
	"context"
	"net"
)

// Listener is a [net.Listener] to which Dial connects.
type Listener struct {
	conns chan net.Conn
	done  chan struct{}
}

// Listen returns a Listener that waits for connections.
func Listen() *Listener { return &Listener{conns: make(chan net.Conn), done: make(chan struct{})} }

// Dial connects to the Listener, whatever the address. After Close it fails with
// [net.ErrClosed].
func (l *Listener) Dial(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case l.conns <- server:
		return client, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

// Accept returns the next connection.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

// Close ends Accept and Dial. It may be called once.
func (l *Listener) Close() error { close(l.done); return nil }

// Addr returns an address that nothing listens on.
func (l *Listener) Addr() net.Addr { return &net.TCPAddr{} }
