// Package defect carries panics from the goroutine where they happen to the one that waits for
// the result, so that a defect ends the question that met it and not the process.
package defect

import (
	"fmt"
	"path"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
)

// Error is a panic.
type Error struct {
	Value any
	At    string // the function that panicked, with file and line
	Stack []byte // of the goroutine that panicked
}

// Error returns the value of the panic and where it happened.
func (e *Error) Error() string { return fmt.Sprintf("internal error: %v at %s", e.Value, e.At) }

// Unwrap returns the value if that is an error.
func (e *Error) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// Of returns the Error for the result of recover, nil if there was no panic. A deferred function
// must call it, so that the stack is that of the panic. A panic that was carried from another
// goroutine keeps its stack.
func Of(recovered any) *Error {
	if recovered == nil {
		return nil
	}
	if e, ok := recovered.(*Error); ok {
		return e
	}
	return &Error{recovered, place(), debug.Stack()}
}

// place returns the function that panicked.
func place() string {
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	panicked := false
	for {
		f, more := frames.Next()
		inRuntime := strings.HasPrefix(f.Function, "runtime.")
		if panicked && !inRuntime || !more {
			return fmt.Sprintf("%s (%s:%d)", f.Function, path.Base(f.File), f.Line)
		}
		panicked = panicked || f.Function == "runtime.gopanic"
	}
}

// Guard calls f and returns its error, or the panic as an [Error].
func Guard(f func() error) (err error) {
	defer func() {
		if e := Of(recover()); e != nil {
			err = e
		}
	}()
	return f()
}

// Catch calls f and returns its panic, nil if it returned.
func Catch(f func()) (e *Error) {
	defer func() { e = Of(recover()) }()
	f()
	return nil
}

// Raise panics with e unless that is nil.
func (e *Error) Raise() {
	if e != nil {
		panic(e)
	}
}

// Group is a [sync.WaitGroup] that hands on a panic of its goroutines.
type Group struct {
	running sync.WaitGroup
	first   atomic.Pointer[Error]
}

// Go calls f in a goroutine.
func (g *Group) Go(f func()) {
	g.running.Go(func() {
		if e := Catch(f); e != nil {
			g.first.CompareAndSwap(nil, e)
		}
	})
}

// Join waits for the goroutines and returns the first panic, nil if there was none.
func (g *Group) Join() *Error {
	g.running.Wait()
	return g.first.Load()
}

// Wait waits for the goroutines. It panics if one of them did.
func (g *Group) Wait() { g.Join().Raise() }
