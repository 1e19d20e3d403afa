package pcp_test

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/pcp"
)

func TestErrno(t *testing.T) {
	for code, want := range map[pcp.Errno]string{
		0:                   "No error",
		pcp.ErrnoAgain:      "Try again. Information not currently available",
		pcp.ErrnoValue:      "Missing metric value(s)",
		-32:                 "Broken pipe",
		-22:                 "Invalid argument",
		-41:                 "Unknown error 41",
		-9999:               "Unknown error 9999",
		-12352:              "No such PMAPI error code (-12352)",
		7:                   "No such PMAPI error code (7)",
		-21344:              "Functionality not yet implemented",
		-21345:              "Unknown secure sockets error -21345 (-1)",
		-2147483648:         "Unknown secure sockets error -2147483648 (-2147462304)",
		pcp.ErrnoPMID:       "Unknown or illegal metric identifier",
		pcp.ErrnoAppVersion: "Metric not supported by this version of monitored application",
	} {
		assert.EqualError(t, code, want, "%d", int32(code))
	}
}

// TestErrnoReference compares every code that the reference lists, and system
// errors, with its wording. Release 6 says "archive log" for "archive".
func TestErrnoReference(t *testing.T) {
	today := func(text string) string { return strings.ReplaceAll(text, "archive log", "archive") }
	line := regexp.MustCompile(`(?m)^(-\d+)\s+PM_ERR_\w+\s+(.*?)\s*$`)
	codes := line.FindAllStringSubmatch(oracle.Exec(t, "pmerr", "-l").Stdout, -1)
	require.Greater(t, len(codes), 50)
	for _, m := range codes {
		code, err := strconv.Atoi(m[1])
		require.NoError(t, err)
		assert.Equal(t, today(m[2]), pcp.Errno(code).Error(), "%d", code)
	}
	for _, code := range []int{1, 11, 22, 32, 41, 110, 133, 134} {
		out := oracle.Exec(t, "pmerr", fmt.Sprint(-code)).Stdout
		assert.Contains(t, out, "Text: "+pcp.Errno(-code).Error())
	}
}
