package halt_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/defect"
	"github.com/pcparchive/pcparchive/internal/halt"
)

// counting is work of a number of pieces. It waits before each one until the test lets it go on.
type counting struct {
	halt.Work[int]
	begun  int
	pieces chan bool // one for each piece that may be done
}

func (c *counting) do(stop func() error) (int, error) {
	c.begun++
	done := 0
	for range c.pieces {
		if err := stop(); err != nil {
			return 0, err
		}
		done++
	}
	return done, nil
}

type answer struct {
	result int
	err    error
}

// ask asks for the result in a goroutine, and waits until it is one of those who wait.
func (c *counting) ask(t *testing.T, stop func() error) chan answer {
	t.Helper()
	before, got := c.Waiting(), make(chan answer, 1)
	go func() {
		n, err := c.Do(stop, c.do)
		got <- answer{n, err}
	}()
	require.Eventually(t, func() bool { return c.Waiting() > before }, time.Minute, time.Millisecond)
	return got
}

// TestShared lets the one leave who began the work. It goes on for the other.
func TestShared(t *testing.T) {
	c := &counting{pieces: make(chan bool)}
	ctx, leave := context.WithCancel(t.Context())
	first := c.ask(t, ctx.Err)
	second := c.ask(t, nil)
	c.pieces <- true
	leave()
	c.pieces <- true
	assert.Equal(t, answer{0, context.Canceled}, <-first)
	c.pieces <- true
	close(c.pieces)
	assert.Equal(t, answer{3, nil}, <-second)
	assert.Equal(t, 1, c.begun)
	assert.True(t, c.Idle())
}

// TestDeserted ends work when all have left. One who comes before it has ended gets its result
// from a new call.
func TestDeserted(t *testing.T) {
	c := &counting{pieces: make(chan bool)}
	ctx, leave := context.WithCancel(t.Context())
	first, second := c.ask(t, ctx.Err), c.ask(t, ctx.Err)
	leave()
	c.pieces <- true // finds out that nobody waits
	assert.ErrorIs(t, (<-first).err, context.Canceled)
	assert.ErrorIs(t, (<-second).err, context.Canceled)
	require.Eventually(t, c.Idle, time.Minute, time.Millisecond)

	third := c.ask(t, t.Context().Err)
	c.pieces <- true
	close(c.pieces)
	assert.Equal(t, answer{1, nil}, <-third)
	assert.Equal(t, 2, c.begun)

	_, err := c.Do(ctx.Err, c.do)
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, 2, c.begun, "who has left begins nothing")
}

// TestJoinsDeserted comes between the end of all waiting and the end of the work.
func TestJoinsDeserted(t *testing.T) {
	var w halt.Work[int]
	ctx, leave := context.WithCancel(t.Context())
	given, late := make(chan bool), make(chan answer, 1)
	go func() {
		_, err := w.Do(ctx.Err, func(stop func() error) (int, error) {
			leave()
			err := stop()
			close(given)
			for w.Waiting() == 0 {
				time.Sleep(time.Millisecond)
			}
			return 0, err
		})
		late <- answer{0, err}
	}()
	<-given
	n, err := w.Do(nil, func(func() error) (int, error) { return 7, nil })
	require.NoError(t, err)
	assert.Equal(t, 7, n)
	assert.ErrorIs(t, (<-late).err, context.Canceled)
}

// TestOnce ends work when the last one leaves, lets another begin again, and keeps its result.
func TestOnce(t *testing.T) {
	var o halt.Once[int]
	began := 0
	first, leave := context.WithCancel(t.Context())
	_, err := o.DoContext(first, func(ctx context.Context) (int, error) {
		began++
		leave()
		<-ctx.Done()
		return 1, nil // the work did not notice
	})
	require.ErrorIs(t, err, context.Canceled)
	for range 2 {
		n, err := o.DoContext(t.Context(), func(context.Context) (int, error) {
			began++
			return 2, nil
		})
		require.NoError(t, err)
		assert.Equal(t, 2, n)
	}
	assert.Equal(t, 2, began)
}

// TestOnceShared lets the one leave who began the work.
func TestOnceShared(t *testing.T) {
	var w halt.Work[int]
	first, leave := context.WithCancel(t.Context())
	goOn, got := make(chan bool), make(chan answer, 2)
	ask := func(ctx context.Context) {
		before := w.Waiting()
		go func() {
			n, err := w.DoContext(ctx, func(ctx context.Context) (int, error) {
				<-goOn
				return 5, ctx.Err()
			})
			got <- answer{n, err}
		}()
		require.Eventually(t, func() bool { return w.Waiting() > before }, time.Minute, time.Millisecond)
	}
	ask(first)
	ask(t.Context())
	leave()
	assert.Equal(t, answer{0, context.Canceled}, <-got)
	close(goOn)
	assert.Equal(t, answer{5, nil}, <-got)
}

// TestFailures hands errors and panics to all who wait.
func TestFailures(t *testing.T) {
	var w halt.Work[int]
	_, err := w.Do(nil, func(func() error) (int, error) { return 0, io.ErrClosedPipe })
	require.ErrorIs(t, err, io.ErrClosedPipe)
	failed := defect.Catch(func() {
		_, _ = w.Do(t.Context().Err, func(func() error) (int, error) { panic(io.ErrNoProgress) })
	})
	require.ErrorIs(t, failed, io.ErrNoProgress)
	assert.True(t, w.Idle())
}

func TestEither(t *testing.T) {
	first, second := errors.New("first"), errors.New("second")
	is := func(err error) func() error { return func() error { return err } }
	assert.Nil(t, halt.Either(nil, nil))
	assert.NoError(t, halt.Asked(nil))
	assert.Equal(t, first, halt.Either(is(first), nil)())
	assert.Equal(t, second, halt.Either(nil, is(second))())
	assert.Equal(t, first, halt.Either(is(first), is(second))())
	assert.Equal(t, second, halt.Either(is(nil), is(second))())
	assert.NoError(t, halt.Either(is(nil), is(nil))())
}
