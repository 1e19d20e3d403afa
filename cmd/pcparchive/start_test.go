package main

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestStart holds the start of every command small: the packages of this module may
// allocate little before main begins. What takes more, such as a regular expression, a
// template or a table that is worked out, is made when it is first used.
func TestStart(t *testing.T) {
	const most = 8 << 10 // bytes of one package
	forTests := []string{"internal/oddpages", "internal/oracle", "cmd/pcparchive"}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.list=^$")
	cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	var trace strings.Builder
	cmd.Stderr = &trace
	require.NoError(t, cmd.Run())
	ours := regexp.MustCompile(`(?m)^init github\.com/pcparchive/pcparchive/(\S+) .* (\d+) bytes,`).FindAllStringSubmatch(trace.String(), -1)
	require.NotEmpty(t, ours)
	for _, line := range ours {
		bytes, err := strconv.Atoi(line[2])
		require.NoError(t, err)
		if !slices.Contains(forTests, line[1]) {
			assert.LessOrEqual(t, bytes, most, "package %s", line[1])
		}
	}
}
