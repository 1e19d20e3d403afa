package summary_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/summary"
)

// BenchmarkOf summarises the archive that PCPARCHIVE_BENCH names.
func BenchmarkOf(b *testing.B) {
	base := os.Getenv("PCPARCHIVE_BENCH")
	if base == "" {
		b.Skip("PCPARCHIVE_BENCH names no archive")
	}
	r, err := archive.Open(base, nil)
	require.NoError(b, err)
	for b.Loop() {
		if _, err := summary.Of(b.Context(), r, summary.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
