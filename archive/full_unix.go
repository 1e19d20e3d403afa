//go:build unix

package archive

import "syscall"

var fullErrors = []error{syscall.ENOSPC, syscall.EDQUOT}
