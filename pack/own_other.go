//go:build !unix

package pack

import "os"

func own(string, os.FileInfo) {}
