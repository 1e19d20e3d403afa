//go:build !linux

package filemap

import (
	"errors"
	"os"
)

func mapped(*os.File, int64, int) ([]byte, error) { return nil, errors.ErrUnsupported }

func unmapped([]byte) error { return nil }

func address([]byte) uintptr { return 0 }
