package decomp

import (
	"errors"
	"io"
)

// table collects the windows of a file.
type table struct {
	src     io.ReaderAt
	size    int64
	windows []window
	ok      bool  // windows covers the whole file
	err     error // error while reading the file
}

// read reads exactly len(b) bytes at off.
func (t *table) read(b []byte, off int64) bool {
	if t.err != nil || off < 0 || off > t.size-int64(len(b)) {
		return false
	}
	if _, err := t.src.ReadAt(b, off); err != nil {
		if !errors.Is(err, io.EOF) {
			t.err = err
		}
		return false
	}
	return true
}

// maxTable is the greatest length of the table at the end of a file or stream.
// It suffices for 80000 windows.
const maxTable = 1 << 20

// layOut sets the offset of each window in the contents.
func (t *table) layOut() {
	at := int64(0)
	for i := range t.windows {
		t.windows[i].at = at
		at += max(t.windows[i].size, 0)
	}
}
