//go:build !unix

package cachedir

import "io/fs"

// fileNumber returns 0: this system does not number files.
func fileNumber(fs.FileInfo) uint64 { return 0 }
