package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/pcp"
)

// TestDamageIsNamedOnce: however often a command meets a damaged part, it names it
// once, and no line is said twice.
func TestDamageIsNamedOnce(t *testing.T) {
	t.Chdir(t.TempDir())
	flip := func(at func(size int) int) func(b []byte) []byte {
		return func(b []byte) []byte { b[at(len(b))] ^= 0x55; return b }
	}
	middle := func(size int) int { return 808 + (size-808)/2/4*4 }
	for name, tt := range map[string]struct {
		file   string
		damage func(b []byte) []byte
	}{
		"volume torn":      {"logs/a.0", func(b []byte) []byte { return b[:len(b)-7] }},
		"volume damaged":   {"logs/a.0", flip(func(int) int { return 808 + 76 })}, // a length
		"metadata torn":    {"logs/c.meta", func(b []byte) []byte { return b[:len(b)-5] }},
		"metadata damaged": {"logs/a.meta", flip(func(int) int { return 808 })},
		"label damaged":    {"logs/c.0", flip(func(int) int { return 5 })},
		"index cut":        {"logs/c.index", func(b []byte) []byte { return b[:20] }},
		"index damaged":    {"logs/a.index", flip(middle)},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, os.Mkdir("logs", 0o777))
			defer os.RemoveAll("logs")
			require.NoError(t, writeDay("logs/a", "tester", 0, pcp.TypeU64))
			require.NoError(t, writeDay("logs/c", "tester", 2, pcp.TypeU64))
			b, err := os.ReadFile(tt.file)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(tt.file, tt.damage(b), 0o644))
			single := strings.TrimSuffix(tt.file, filepath.Ext(tt.file))
			for _, args := range append(slices.Clone(folderVerbs), []string{"dump", "logs"}) {
				for _, operand := range []string{"logs", single} {
					args := slices.Clone(args)
					args[slices.Index(args, "logs")] = operand
					_, _, errs := answer(t, args)
					lines := strings.Split(strings.TrimSpace(errs), "\n")
					slices.Sort(lines)
					assert.Len(t, slices.Compact(slices.Clone(lines)), len(lines), "%v\n%s", args, errs)
					named := slices.DeleteFunc(lines, func(l string) bool { return !strings.Contains(l, tt.file) })
					assert.LessOrEqual(t, len(named), 1, "%v\n%s", args, errs)
				}
			}
		})
	}
}
