package rewrite_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/pcparchive/pcparchive/rewrite"
)

// BenchmarkCopy copies the archive that PCPARCHIVE_BENCH names.
func BenchmarkCopy(b *testing.B) {
	base := os.Getenv("PCPARCHIVE_BENCH")
	if base == "" {
		b.Skip("PCPARCHIVE_BENCH names no archive")
	}
	for b.Loop() {
		if _, err := rewrite.Copy(b.Context(), filepath.Join(b.TempDir(), "out"), open(b, base), rewrite.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
