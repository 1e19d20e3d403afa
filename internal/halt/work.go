package halt

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/pcparchive/pcparchive/internal/defect"
)

// Work is a piece of work for whose result several may wait. It goes on as long as anybody
// waits, and ends when nobody does. The zero value is ready for use.
type Work[T any] struct {
	mu   sync.Mutex // guards the fields below
	call *call[T]   // which is under way; nil if there is none
}

// call is one doing of a Work.
type call[T any] struct {
	waiting []*waiter[T]
	desert  func() // ends the context of the work; nil if it has none
}

// waiter waits for a call.
type waiter[T any] struct {
	stop func() error // its error ends the waiting; nil for one who waits to the end
	done chan outcome[T]
}

type outcome[T any] struct {
	result T
	err    error
}

// errDeserted ends work for which nobody waits any more.
var errDeserted = errors.New("nobody waits for the result")

// Do returns the result of f, or that of another caller's f which is under way. It returns the
// error of stop as soon as there is one, and the work goes on for the others who wait. f must
// ask the stop that it gets, and end with its error. Another goroutine may call stop, but not
// after Do has returned. Do panics if f did.
func (w *Work[T]) Do(stop func() error, f func(stop func() error) (T, error)) (T, error) {
	for {
		if err := Asked(stop); err != nil {
			var none T
			return none, err
		}
		me := &waiter[T]{stop, make(chan outcome[T], 1)}
		c, begins := w.join(me, nil)
		switch {
		case begins && stop == nil:
			w.run(c, f)
		case begins:
			go w.run(c, f)
		}
		if o := me.wait(); !errors.Is(o.err, errDeserted) { // else the work was given up before this one came
			return o.result, o.err
		}
	}
}

// DoContext is Do for work that a context ends. The work gets a context that ends when nobody
// waits any more. All callers of one Work must use the same of the two methods.
func (w *Work[T]) DoContext(ctx context.Context, f func(context.Context) (T, error)) (T, error) {
	for {
		if err := ctx.Err(); err != nil {
			var none T
			return none, err
		}
		own, desert := context.WithCancel(context.WithoutCancel(ctx))
		me := &waiter[T]{ctx.Err, make(chan outcome[T], 1)}
		c, begins := w.join(me, desert)
		if begins {
			go func() {
				defer desert()
				w.run(c, func(func() error) (T, error) {
					result, err := f(own)
					if own.Err() != nil {
						err = errDeserted
					}
					return result, err
				})
			}()
		} else {
			desert()
		}
		leave := context.AfterFunc(ctx, func() { _ = w.awaited(c) })
		o := me.wait()
		leave()
		if !errors.Is(o.err, errDeserted) {
			return o.result, o.err
		}
	}
}

// wait waits for the outcome. It panics if the work did; who recovers names the question.
func (me *waiter[T]) wait() outcome[T] {
	o := <-me.done
	var failed *defect.Error
	if errors.As(o.err, &failed) {
		failed.Raise()
	}
	return o
}

// join adds one who waits to the call that is under way. begins is true if there was none, so
// that desert ends the context of the new one.
func (w *Work[T]) join(me *waiter[T], desert func()) (c *call[T], begins bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if begins = w.call == nil; begins {
		w.call = &call[T]{desert: desert}
	}
	w.call.waiting = append(w.call.waiting, me)
	return w.call, begins
}

// run calls f and hands its result to all who wait.
func (w *Work[T]) run(c *call[T], f func(stop func() error) (T, error)) {
	var o outcome[T]
	o.err = defect.Guard(func() (err error) {
		o.result, err = f(func() error { return w.awaited(c) })
		return err
	})
	w.mu.Lock()
	defer w.mu.Unlock()
	w.call = nil
	for _, one := range c.waiting {
		one.done <- o
	}
}

// awaited releases those whose waiting ends, and returns an error if nobody is left.
func (w *Work[T]) awaited(c *call[T]) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	c.waiting = slices.DeleteFunc(c.waiting, func(one *waiter[T]) bool {
		err := Asked(one.stop)
		if err != nil {
			one.done <- outcome[T]{err: err}
		}
		return err != nil
	})
	if len(c.waiting) > 0 {
		return nil
	}
	if c.desert != nil {
		c.desert()
	}
	return errDeserted
}

// Waiting returns the number of those who wait for the result.
func (w *Work[T]) Waiting() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.call == nil {
		return 0
	}
	return len(w.call.waiting)
}

// Idle reports whether nothing is being done.
func (w *Work[T]) Idle() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.call == nil
}
