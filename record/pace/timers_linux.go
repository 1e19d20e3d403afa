package pace

import (
	"fmt"
	"os"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// timerSlack is the time by which timers of the process may be late. A thread of Go's runtime
// sleeps for 20 µs again and again while there is work. With the kernel's usual slack of
// 50 µs, that takes a quarter of a recorder's processor time.
const timerSlack = time.Millisecond

// relaxedVariable marks the program that RelaxTimers starts, in case a system does not keep
// the slack: it must not start itself for ever.
const relaxedVariable = "PCPARCHIVE_TIMERS_RELAXED"

// RelaxTimers lets the timers of the process be a millisecond late, so that it wakes less
// often. Only threads that start later obey, so the program replaces itself: RelaxTimers does
// not return, and main begins anew. It returns where the timers are relaxed already, as
// TimerSlackNSec= of a systemd unit makes them, and where they cannot be.
func RelaxTimers() {
	if os.Getenv(relaxedVariable) != "" {
		_ = os.Unsetenv(relaxedVariable) // programs that this one starts have their own timers
		return
	}
	_ = replaceSelf(os.Environ()) // an optimization: the program works without it
}

// replaceSelf starts the program of this process again in its place, with relaxed timers. It
// returns if that fails or is not necessary.
func replaceSelf(environment []string) error {
	path, err := os.Executable()
	if err != nil {
		return err
	}
	slack, err := unix.PrctlRetInt(unix.PR_GET_TIMERSLACK, 0, 0, 0, 0)
	if err != nil || time.Duration(slack) >= timerSlack {
		return err
	}
	// The slack of the thread that calls exec stays.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_TIMERSLACK, uintptr(timerSlack), 0, 0, 0); err != nil {
		return err
	}
	err = syscall.Exec(path, os.Args, append(environment, relaxedVariable+"=1"))
	return fmt.Errorf("%s: %w", path, err)
}
