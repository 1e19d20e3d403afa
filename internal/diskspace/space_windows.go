package diskspace

import (
	"io/fs"
	"syscall"
	"unsafe"
)

var diskFree = syscall.NewLazyDLL("kernel32.dll").NewProc("GetDiskFreeSpaceExW")

// Of returns the size of the volume of a folder, and the bytes that this user may still
// write. ok is false if they are not known.
func Of(dir string) (total, free int64, ok bool) {
	name, err := syscall.UTF16PtrFromString(dir)
	if err != nil || diskFree.Find() != nil {
		return 0, 0, false
	}
	var available, size uint64
	done, _, _ := diskFree.Call(uintptr(unsafe.Pointer(name)), uintptr(unsafe.Pointer(&available)), uintptr(unsafe.Pointer(&size)), 0)
	return int64(min(size, 1<<62)), int64(min(available, 1<<62)), done != 0
}

// Used returns the length of a file.
func Used(info fs.FileInfo) int64 { return info.Size() }
