// Package diskspace asks the system for the sizes of file systems and files.
package diskspace

import "os"

// Files returns the sum of the lengths of the files in a folder, without those of folders
// below it. Files that cannot be examined do not count.
func Files(dir string) (size int64) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return 0
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() {
			size += info.Size()
		}
	}
	return size
}
