package agentdir

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"time"
)

// maxStderr is the number of bytes of standard error that are kept.
const maxStderr = 4 << 10

// graceTime is how long an executable's pipes may stay open after its end or its kill, before
// they are closed under the children that hold them.
const graceTime = time.Second

// runExecutable returns the output of an executable. When ctx ends or the output exceeds
// limit, it kills the executable with its children.
func runExecutable(ctx context.Context, path string, limit int64) (out []byte, stderr string, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	// A file that was just written may still be open for writing in a process that is
	// being forked. The system then refuses to run it for a moment.
	for range 10 {
		out, stderr, err = runInTime(ctx, cancel, path, limit)
		if !isBusy(err) {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if cause := context.Cause(ctx); cause != nil {
		if err = cause; errors.Is(cause, context.DeadlineExceeded) {
			err = errors.New("the executable was killed: it ran longer than the time limit")
		}
	}
	return out, stderr, err
}

// runInTime is runOnce that soon returns after ctx ends, also if a child that left the group
// of the executable holds its pipes.
func runInTime(ctx context.Context, cancel context.CancelCauseFunc, path string, limit int64) ([]byte, string, error) {
	type outcome struct {
		out    []byte
		stderr string
		err    error
	}
	ended := make(chan outcome, 1)
	go func() {
		out, stderr, err := runOnce(ctx, cancel, path, limit)
		ended <- outcome{out, stderr, err}
	}()
	var late <-chan time.Time
	for done := ctx.Done(); ; {
		select {
		case o := <-ended:
			return o.out, o.stderr, o.err
		case <-done:
			done, late = nil, time.After(slack/2)
		case <-late:
			return nil, "", context.Cause(ctx)
		}
	}
}

func runOnce(ctx context.Context, cancel context.CancelCauseFunc, path string, limit int64) ([]byte, string, error) {
	out := &limitedBuffer{limit: limit, full: func() { cancel(&tooLongError{limit}) }}
	stderr := &limitedBuffer{limit: maxStderr}
	cmd := exec.CommandContext(ctx, path)
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = out, stderr, graceTime
	inOwnGroup(cmd)
	cmd.Cancel = func() error { return killGroup(cmd) }
	err := cmd.Run()
	if errors.Is(err, exec.ErrWaitDelay) { // a child holds the pipes; the output is whole
		_ = killGroup(cmd)
		if ctx.Err() == nil {
			err = nil
		}
	}
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		err = fmt.Errorf("the executable ended with %s", failed.ProcessState)
	}
	return out.kept, string(stderr.kept), err
}

// limitedBuffer keeps the first limit bytes. It calls full, which may be nil, when there are
// more.
type limitedBuffer struct {
	kept  []byte
	limit int64
	full  func()
}

// Write keeps what fits, and accepts everything.
func (b *limitedBuffer) Write(p []byte) (int, error) {
	room := b.limit - int64(len(b.kept))
	b.kept = append(b.kept, p[:min(int64(len(p)), room)]...)
	if int64(len(p)) > room && b.full != nil {
		b.full()
	}
	return len(p), nil
}
