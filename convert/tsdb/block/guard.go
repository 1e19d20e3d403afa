package block

import (
	"errors"
	"fmt"
	"io/fs"
	"runtime/debug"
	"time"
)

// Guard runs f and turns a panic into an error. Prometheus' decoders trust offsets
// and lengths once a checksum is right, but a forged file has right checksums. Guard
// also turns the fault into an error that reading a truncated memory-mapped file causes.
func Guard(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("damaged, although its checksums are right: %v", p)
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
