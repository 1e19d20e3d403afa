package cachedir

import (
	"syscall"
	"unsafe"
)

var diskFree = syscall.NewLazyDLL("kernel32.dll").NewProc("GetDiskFreeSpaceExW")

// FreeSpace returns the free bytes of the volume of a folder.
func FreeSpace(dir string) (bytes int64, ok bool) {
	name, err := syscall.UTF16PtrFromString(dir)
	if err != nil || diskFree.Find() != nil {
		return 0, false
	}
	var free uint64
	done, _, _ := diskFree.Call(uintptr(unsafe.Pointer(name)), uintptr(unsafe.Pointer(&free)), 0, 0)
	return int64(min(free, 1<<62)), done != 0
}
