package similar

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestNames(t *testing.T) {
	known := []string{"kernel.all.load", "kernel.all.cpu.user", "kernel.all", "disk.dev.read", "disk.dev.write", "kernel.all.load"}
	for name, want := range map[string][]string{
		"kernel.all.laod": {"kernel.all.load"},
		"kernel.al":       {"kernel.all", "kernel.all.load", "kernel.all.cpu.user"},
		"disk.dev.raed":   {"disk.dev.read"},
		"mem":             {},
	} {
		assert.Equal(t, want, Names(name, slices.Values(known)), name)
	}
}

func TestDistance(t *testing.T) {
	for pair, want := range map[[2]string]int{
		{"", ""}: 0, {"a", ""}: 1, {"ab", "ba"}: 1, {"abc", "abd"}: 1, {"abcd", "badc"}: 2, {"abc", "xyz"}: 3,
	} {
		assert.Equal(t, want, distance(pair[0], pair[1]), pair)
		assert.Equal(t, want, distance(pair[1], pair[0]), pair)
	}
}
