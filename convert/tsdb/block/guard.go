package block

import (
	"errors"
	"fmt"
	"io/fs"
	"runtime/debug"
	"time"
)

// Guard runs f and turns a panic into an error. Prometheus' decoders trust offsets
// and lengths once a checksum is right, but a forged file has right checksums. A
// memory-mapped file that was truncated causes a fault, which Guard handles, too.
func Guard(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("damaged beyond what its checksums tell: %v", p)
		}
	}()
	return f()
}

// FormatTime formats a time in milliseconds for messages.
func FormatTime(ms int64) string {
	return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z")
}

// Reason returns the cause of a file error without the path, for messages that name
// the path elsewhere.
func Reason(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
