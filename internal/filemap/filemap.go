// Package filemap reads parts of files in place: mapped into memory, without a copy.
package filemap

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"

	"github.com/pcparchive/pcparchive/internal/defect"
)

// ErrAbsent says that a part of a file is not in the system's memory, so that reading through a
// mapping would wait for the disk. A goroutine that waits in a call of the system lets others run
// meanwhile, one that waits for mapped bytes does not.
var ErrAbsent = errors.New("not in memory")

// FaultError reports that mapped bytes cannot be read: the file has become shorter, or its
// disk fails. A reader that asks the system for the bytes learns which.
type FaultError struct {
	File   string
	Offset int64 // of the byte
}

// Error returns the file and the offset.
func (e *FaultError) Error() string {
	return fmt.Sprintf("%s: byte %d cannot be read through a mapping", e.File, e.Offset)
}

// Use calls do with the bytes of a file from one offset to another, or to the end of the file
// if that comes first. They are valid until do returns, and nobody may write to them. Where a
// byte cannot be read, do ends, and Use returns a [*FaultError]. Use returns other errors without
// calling do: [ErrAbsent], and one that wraps [errors.ErrUnsupported] where files cannot be mapped.
func Use(f *os.File, from, to int64, do func([]byte)) (err error) {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	to = min(to, info.Size())
	begin := from - from%int64(os.Getpagesize())
	if from < 0 || to <= from || to-begin != int64(int(to-begin)) {
		return fmt.Errorf("%s: mapping the bytes from %d to %d: %w", f.Name(), from, to, errors.ErrUnsupported)
	}
	b, err := mapped(f, begin, int(to-begin))
	if err != nil {
		return fmt.Errorf("%s: mapping the bytes from %d to %d: %w", f.Name(), from, to, err)
	}
	defer func() {
		if at := faultIn(b, recover()); at >= 0 {
			err = &FaultError{f.Name(), begin + int64(at)}
		}
		err = errors.Join(err, unmapped(b))
	}()
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	do(b[from-begin:])
	return nil
}

// faultIn returns the place in b at which a panic was a fault, -1 if there was no panic. A panic
// for another reason goes on.
func faultIn(b []byte, recovered any) int {
	fault, ok := recovered.(interface {
		runtime.Error
		Addr() uintptr
	})
	if ok {
		if at := fault.Addr() - address(b); at < uintptr(len(b)) {
			return int(at)
		}
	}
	defect.Of(recovered).Raise()
	return -1
}
