package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/archtest"
)

// readingVerbs are the commands that read archives. "@" stands for the operand, and "OUT" for
// a new name.
var readingVerbs = []string{
	"info @", "list @", "labels dump @", "summary @", "values @ random", "top @", "size @", "dump @", "diff @ @", "check @",
	"query count({__name__=~\".+\"}) @", "plot count({__name__=~\".+\"}) @",
	"export tsdb @ -o OUT", "export prom @", "export openmetrics @", "convert @ OUT --from archive --to blocks", "copy @ OUT", "reduce @ OUT --interval 1m",
}

// withOperand runs a command over an operand and returns its status and its messages, without
// that where the command's help is.
func withOperand(t *testing.T, verb, operand string) (status int, messages string) {
	t.Helper()
	args := strings.Fields(verb)
	for i, arg := range args {
		switch arg {
		case "@":
			args[i] = operand
		case "OUT":
			args[i] = filepath.Join(t.TempDir(), "out")
		}
	}
	var out, errs bytes.Buffer
	status = run(args, streams{out: &out, err: &errs})
	messages, _, _ = strings.Cut(errs.String(), "see 'pcparchive ")
	return status, messages
}

// TestOperandsOfReadingVerbs gives every command that reads archives the same operands: all
// take what one takes, and refuse the rest with the same words.
func TestOperandsOfReadingVerbs(t *testing.T) {
	dir := t.TempDir()
	logs, empty := filepath.Join(dir, "logs"), filepath.Join(dir, "empty")
	require.NoError(t, os.Mkdir(logs, 0o755))
	require.NoError(t, os.Mkdir(empty, 0o755))
	a, b := filepath.Join(logs, "a"), filepath.Join(logs, "b")
	archtest.Random(t, a, 1, archtest.RandomOptions{Apart: true})
	archtest.Random(t, b, 1, archtest.RandomOptions{Apart: true, Start: archtest.Start.Add(100 * time.Hour)})
	missing := filepath.Join(dir, "missing")
	refused := []string{missing, empty, "", a + "," + missing, missing + "," + empty, filepath.Join(dir, "a.tar")}
	require.NoError(t, os.WriteFile(refused[5], nil, 0o600))
	want := map[string]string{}
	for _, operand := range refused {
		status, message := withOperand(t, "info @", operand)
		require.Contains(t, []int{exitFailed, exitUsage}, status, operand)
		want[operand] = message
	}
	for _, verb := range readingVerbs {
		t.Run(verb, func(t *testing.T) {
			for _, operand := range []string{a, a + "," + b, logs, a + ".index", a + ".0," + b + ".meta"} {
				status, message := withOperand(t, verb, operand)
				assert.Contains(t, []int{exitOK, exitFindings, exitSkipped}, status, "%s: %s", operand, message)
			}
			for _, operand := range refused {
				status, message := withOperand(t, verb, operand)
				assert.True(t, slices.Contains([]int{exitFailed, exitUsage}, status), "%s: status %d", operand, status)
				// check goes on, and may name further operands.
				assert.True(t, message == want[operand] || verb == "check @" && strings.HasPrefix(message, want[operand]), "%q: %s", operand, message)
			}
		})
	}
}
