//go:build !unix

package agentdir

import "os/exec"

// inOwnGroup does nothing: the system has no groups of processes.
func inOwnGroup(*exec.Cmd) {}

// killGroup kills cmd.
func killGroup(cmd *exec.Cmd) error { return cmd.Process.Kill() }

// isBusy returns false: the system runs files that are open for writing.
func isBusy(error) bool { return false }
