//go:build unix

package agentdir

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

// inOwnGroup makes the children of cmd a group of processes of their own.
func inOwnGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// killGroup kills cmd and its children.
func killGroup(cmd *exec.Cmd) error {
	err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	if errors.Is(err, syscall.ESRCH) {
		return os.ErrProcessDone
	}
	return err
}

// isBusy reports whether a file cannot be run because it is open for writing.
func isBusy(err error) bool { return errors.Is(err, syscall.ETXTBSY) }
