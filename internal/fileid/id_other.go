//go:build !linux && !darwin

package fileid

import "io/fs"

// Of returns the zero ID.
func Of(fs.FileInfo) ID { return ID{} }
