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
	ok      bool  // the windows are all there is
	err     error // of reading the file
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

// maxTable bounds the length of a table at the end of a file or stream. This
// lists 80000 windows and more.
const maxTable = 1 << 20

// layOut computes the offsets of what windows hold.
func (t *table) layOut() {
	at := int64(0)
	for i := range t.windows {
		t.windows[i].at = at
		at += max(t.windows[i].size, 0)
	}
}
