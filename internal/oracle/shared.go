package oracle

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Corpus returns the folder of foreign archives, which is located beside the
// repository and not part of it.
func Corpus(t testing.TB) string {
	t.Helper()
	return shared(t, "corpus")
}

// Tool returns the path of a program located beside the repository.
func Tool(t testing.TB, name string) string {
	t.Helper()
	return shared(t, filepath.Join("tools", name))
}

func shared(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join(root(t), "..", "shared", name)
	if _, err := os.Stat(path); err != nil {
		missing(t, "../shared/"+filepath.ToSlash(name))
	}
	return path
}

// root returns the folder that contains go.mod.
func root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Fatal("no go.mod above the working folder")
		}
		dir = up
	}
}

// Archives returns the sorted base paths of the archives in a folder of the
// corpus and its subfolders. With plain it omits archives with a compressed
// file.
func Archives(t testing.TB, folder string, plain bool) []string {
	t.Helper()
	compressed := map[string]bool{}
	err := filepath.WalkDir(filepath.Join(Corpus(t), folder), func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		switch ext := filepath.Ext(path); ext {
		case ".xz", ".bz2", ".gz", ".zst", ".lzma":
			compressed[base(strings.TrimSuffix(path, ext))] = true
		default:
			if b := base(path); !compressed[b] {
				compressed[b] = false
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for b, c := range compressed {
		if !plain || !c {
			found = append(found, b)
		}
	}
	if len(found) == 0 {
		t.Fatalf("no archive in the corpus' %s", folder)
	}
	slices.Sort(found)
	return found
}

func base(path string) string { return strings.TrimSuffix(path, filepath.Ext(path)) }
