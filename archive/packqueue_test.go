package archive

import (
	"errors"
	"io/fs"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
)

// An archive with OnFlush goes on while its volumes wait for their compression: a record that
// had to wait would be lost with a kill.
func TestPackQueue(t *testing.T) {
	files := NewFilePool(4)
	for range cap(files.packing) { // others compress
		files.packing <- struct{}{}
	}
	dir := t.TempDir()
	p := packer{base: filepath.Join(dir, "a"), files: files, how: CompressGzip, ctx: t.Context(), queues: true}
	for _, name := range []string{"a.0", "a.1", "a.2"} {
		p.start(true, filepath.Join(dir, name))
	}
	p.mu.Lock()
	assert.Len(t, p.queue, 3)
	p.mu.Unlock()
	for range cap(files.packing) {
		<-files.packing
	}
	err := p.wait()
	assert.True(t, errors.Is(err, fs.ErrNotExist), "%v", err)
	assert.ErrorContains(t, err, "a.0")
	assert.Empty(t, p.queue)
	p.start(true, filepath.Join(dir, "a.3"))
	assert.Error(t, p.wait())
}
