package fileid

import "io/fs"

// ID is what the system says of a file beside its size and its time of change, which whoever
// writes the file may choose. It is zero where the system says nothing.
type ID struct {
	Number  uint64 // of the file in its file system
	Changed int64  // when the content, the owner or a name of the file changed last
}

// Same reports whether two descriptions of a file are those of the same content, as far as
// one can tell without reading it.
func Same(a, b fs.FileInfo) bool {
	return a.Size() == b.Size() && a.ModTime().Equal(b.ModTime()) && Of(a) == Of(b)
}
