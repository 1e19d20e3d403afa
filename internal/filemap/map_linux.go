package filemap

import (
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// probeEvery is the distance of the bytes of which mapped asks whether they are in memory. The
// system reads and drops many pages at a time.
const probeEvery = 256 << 10

// mapped maps n bytes of a file from an offset on, which is a multiple of the length of a page.
func mapped(f *os.File, offset int64, n int) ([]byte, error) {
	fd := int(f.Fd())
	probe := [][]byte{make([]byte, 1)}
	for at := 0; at < n; at += probeEvery {
		if _, err := unix.Preadv2(fd, probe, offset+int64(at), unix.RWF_NOWAIT); err != nil {
			return nil, ErrAbsent
		}
	}
	b, err := syscall.Mmap(fd, offset, n, syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return nil, os.NewSyscallError("mmap", err)
	}
	return b, nil
}

func unmapped(b []byte) error { return os.NewSyscallError("munmap", syscall.Munmap(b)) }

func address(b []byte) uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(b))) }
