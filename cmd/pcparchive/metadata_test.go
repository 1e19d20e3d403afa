package main

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Questions about metadata decompress no data volume: of this archive's only the
// labels can be read.
func TestMetadataQuestionsReadNoData(t *testing.T) {
	base := filepath.Join(t.TempDir(), "rec")
	require.NoError(t, writeNative(base))
	data, err := os.ReadFile(base + ".0")
	require.NoError(t, err)
	var label bytes.Buffer
	zw, err := gzip.NewWriterLevel(&label, gzip.NoCompression)
	require.NoError(t, err)
	const v3Label = 808
	_, err = zw.Write(data[:v3Label])
	require.NoError(t, err)
	require.NoError(t, zw.Flush())
	require.NoError(t, os.WriteFile(base+".0.gz", append(label.Bytes(), "no data is in here"...), 0o644))
	require.NoError(t, os.Remove(base+".0"))
	ask := func(want int, args ...string) string {
		var out, errs bytes.Buffer
		assert.Equal(t, want, run(args, streams{out: &out, err: &errs}), "%v: %s", args, &errs)
		if want == exitOK {
			assert.Empty(t, errs.String(), args)
		}
		return out.String()
	}
	for _, operand := range []string{base, filepath.Dir(base)} {
		info := ask(exitOK, "info", operand)
		assert.Contains(t, info, "end         2026-01-01 22:04:14.25 EST\n")
		assert.Contains(t, info, "not counted; --count reads the data volumes\n")
		assert.Contains(t, ask(exitOK, "info", operand, "--metrics"), "kernel.all.load")
		assert.NotContains(t, ask(exitOK, "info", operand, "--output", "json"), `"records"`)
		assert.Contains(t, ask(exitOK, "labels", "dump", operand, "--at", "end"), "what = \"load\"")
		assert.Contains(t, ask(exitOK, "labels", "dump", operand, "--merged"), "kernel.all.load")
	}
	ask(exitSkipped, "info", base, "--count") // the damage is where it was thought to be
	ask(exitSkipped, "summary", base)
}
