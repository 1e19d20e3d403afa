package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/spf13/cobra/doc"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestManual compares the man pages and the Markdown in docs with the help of the commands.
// With -update it writes them. No command does, so that the program needs no parser of
// Markdown.
func TestManual(t *testing.T) {
	made := t.TempDir()
	writeManual(t, made)
	for _, form := range []string{"man", "cli"} {
		kept := filepath.Join("..", "..", "docs", form)
		if *update {
			require.NoError(t, os.RemoveAll(kept))
			require.NoError(t, os.CopyFS(kept, os.DirFS(filepath.Join(made, form))))
		}
		want, found := readFiles(t, filepath.Join(made, form)), readFiles(t, kept)
		require.Greater(t, len(want), 40)
		for name, text := range want {
			assert.Equal(t, text, found[name], "docs/%s/%s is not of today's help: run `make docs`", form, name)
		}
		for name := range found {
			assert.Contains(t, want, name, "docs/%s/%s is of no command", form, name)
		}
	}
}

// writeManual writes the pages of all commands, the same on every day.
func writeManual(t *testing.T, dir string) {
	t.Helper()
	man, markdown := filepath.Join(dir, "man"), filepath.Join(dir, "cli")
	require.NoError(t, os.Mkdir(man, 0o755))
	require.NoError(t, os.Mkdir(markdown, 0o755))
	root := newRoot(streams{}, allVerbs())
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	epoch := time.Unix(0, 0).UTC()
	header := &doc.GenManHeader{Title: "PCPARCHIVE", Section: "1", Source: "pcparchive", Manual: "pcparchive", Date: &epoch}
	require.NoError(t, doc.GenManTree(root, header, man))
	require.NoError(t, doc.GenMarkdownTree(root, markdown))
}

// readFiles returns the contents of the files of a folder by name.
func readFiles(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	require.NoError(t, fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(filepath.Join(dir, path))
		files[path] = string(b)
		return err
	}))
	return files
}
