//go:build !unix

package record

// openFiles returns the number of files of archives that may be open at once.
func openFiles() int { return 4000 }
