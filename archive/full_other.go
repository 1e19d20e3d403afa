//go:build !unix

package archive

import "syscall"

// Errors of Windows that package syscall does not name: the disk is full.
var fullErrors = []error{syscall.Errno(112), syscall.Errno(39)}
