//go:build !(linux || darwin || freebsd)

package record

import "errors"

// diskSpace is not available, so that a write shows whether there is room.
func diskSpace(string) (free, size int64, err error) { return 0, 0, errors.ErrUnsupported }
