package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPlural(t *testing.T) {
	assert.Equal(t, "0 files", plural(0, "file"))
	assert.Equal(t, "1 address", plural(1, "address"))
	assert.Equal(t, "12,345 addresses", plural(int64(12345), "address"))
	assert.Equal(t, "3 other rows", plural(3, "other row"))
}

// eachCommand calls visit for a command and all commands below it.
func eachCommand(cmd *cobra.Command, visit func(*cobra.Command)) {
	visit(cmd)
	for _, child := range cmd.Commands() {
		eachCommand(child, visit)
	}
}

// TestOperandCounts gives every command up to four operands. A wrong number is a usage error
// that names the verb, without the program, and counts in English.
func TestOperandCounts(t *testing.T) {
	refusals := 0
	eachCommand(newRoot(streams{}, allVerbs()), func(cmd *cobra.Command) {
		if cmd.Args == nil || cmd.Name() == "help" {
			return
		}
		for n := range 5 {
			err := cmd.Args(cmd, slices.Repeat([]string{"x"}, n))
			if err == nil {
				continue
			}
			refusals++
			require.ErrorAs(t, err, new(usageError), cmd.CommandPath())
			assert.NotContains(t, err.Error(), "pcparchive ")
			assert.NotRegexp(t, `\b(0|1) arguments`, err.Error())
			assert.True(t, strings.HasPrefix(err.Error(), verbName(cmd)+": "), err.Error())
		}
	})
	assert.Greater(t, refusals, 50)
}

// TestUnknownFlags gives every command a flag that does not exist.
func TestUnknownFlags(t *testing.T) {
	seen := 0
	eachCommand(newRoot(streams{}, allVerbs()), func(cmd *cobra.Command) {
		if cmd.DisableFlagParsing || cmd.Name() == "help" || !cmd.Runnable() {
			return
		}
		seen++
		var out, stderr bytes.Buffer
		path := cmd.CommandPath()
		args := append(strings.Fields(path)[1:], "--no-such-flag-at-all")
		assert.Equal(t, exitUsage, run(args, streams{in: strings.NewReader(""), out: &out, err: &stderr}), path)
		assert.Equal(t, fmt.Sprintf("pcparchive: unknown flag --no-such-flag-at-all\nsee '%s --help'\n", path), stderr.String())
		assert.Empty(t, out.String())
	})
	assert.Greater(t, seen, 30)
}

// TestFlagMistakes lists mistakes in flags and commands with their messages.
func TestFlagMistakes(t *testing.T) {
	for line, want := range map[string]string{
		"info --metric":                     "unknown flag --metric; did you mean --metrics?",
		"query --stop 1m":                   "unknown flag --stop; did you mean --step?",
		"dump -qz":                          "unknown flag -q in -qz",
		"info -q":                           "unknown flag -q",
		"info -é":                           "unknown flag -é",
		"export tsdb -o":                    "-o needs a value",
		"query --step":                      "--step needs a value",
		"query --step soon":                 `--step: duration "soon": want a form such as 90s, 1h30m or 7d`,
		"summary --percentiles most":        `--percentiles "most": want a number`,
		"size --count 99999999999999999999": `--count "99999999999999999999": want a smaller whole number`,
		"--no-such":                         "unknown flag --no-such",
		"version":                           `unknown command "version"; did you mean --version?`,
		"import tsdc":                       `unknown command "import tsdc"; did you mean import tsdb?`,
		"labels -x":                         "unknown flag -x",
		"exprot -o x":                       `unknown command "exprot"; did you mean export?`,
		"help no-such":                      `unknown command "no-such"`,
	} {
		var stderr bytes.Buffer
		assert.Equal(t, exitUsage, run(strings.Fields(line), streams{in: strings.NewReader(""), out: &bytes.Buffer{}, err: &stderr}), line)
		message, hint, _ := strings.Cut(stderr.String(), "\n")
		assert.Equal(t, "pcparchive: "+want, message, line)
		assert.Regexp(t, `^see 'pcparchive( [a-z-]+)* --help'\n$`, hint, line)
	}
}
