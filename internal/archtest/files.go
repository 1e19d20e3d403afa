package archtest

import (
	"io/fs"
	"testing/fstest"
)

// Files reads all files and folders of a tree into memory, for tests that share
// expensive output.
func Files(tree fs.FS) (fstest.MapFS, error) {
	files := fstest.MapFS{}
	err := fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil || name == ".":
			return err
		case entry.IsDir():
			files[name] = &fstest.MapFile{Mode: fs.ModeDir | 0o777}
			return nil
		}
		data, err := fs.ReadFile(tree, name)
		files[name] = &fstest.MapFile{Data: data, Mode: 0o666}
		return err
	})
	return files, err
}
