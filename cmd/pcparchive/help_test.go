package main

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/assert"
)

// helpWidth is the longest line of a help text, in characters. Pages of terminals and man have
// a few more.
const helpWidth = 95

// TestHelpTexts wants the help of each command to have an example and the exit status, in
// lines that fit a terminal. Many flags stand in groups, apart from --help.
func TestHelpTexts(t *testing.T) {
	seen := 0
	eachCommand(newRoot(streams{}, allVerbs()), func(cmd *cobra.Command) {
		path := cmd.CommandPath()
		for line := range strings.Lines(cmd.Long) {
			line = strings.TrimRight(line, "\n")
			assert.LessOrEqual(t, utf8.RuneCountInString(line), helpWidth, "%s: %s", path, line)
		}
		if cmd.HasSubCommands() || !cmd.Runnable() || cmd.Name() == "help" {
			return
		}
		seen++
		assert.Contains(t, cmd.Example, path+" ", "%s has no example", path)
		assert.Contains(t, cmd.Long, "exit status is 0", path)
		_, others, grouped := strings.Cut(groupedFlags(cmd.LocalFlags()), "Other flags:\n")
		assert.True(t, !grouped || !strings.Contains(others, "\n"), "%s has flags without a group: %s", path, others)
	})
	assert.Greater(t, seen, 25)
}
