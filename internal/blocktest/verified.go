package blocktest

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/tsdb/verify"
)

// Verified returns the findings about the blocks in dir, with paths relative to dir.
func Verified(t testing.TB, target verify.Target, dir string) []string {
	t.Helper()
	dirs, err := verify.Find([]string{dir})
	require.NoError(t, err)
	var found []string
	for f := range verify.Run(t.Context(), dirs, verify.Options{Target: target}) {
		found = append(found, strings.TrimPrefix(filepath.ToSlash(f.String()), filepath.ToSlash(dir)+"/"))
	}
	return found
}

// Codes returns the codes of findings.
func Codes(findings []string) []string {
	found := []string{}
	for _, f := range findings {
		found = append(found, strings.Split(f, ": ")[2])
	}
	return found
}
