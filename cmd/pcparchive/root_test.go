package main

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fullDisk takes nothing.
type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left") }

// TestFullOutput prints what is not looked at for errors where there is no room.
func TestFullOutput(t *testing.T) {
	var stderr bytes.Buffer
	assert.Equal(t, exitFailed, run([]string{"--help"}, streams{in: strings.NewReader(""), out: fullDisk{}, err: &stderr}))
	assert.Equal(t, "pcparchive: no space left\n", stderr.String())
}

func TestMessage(t *testing.T) {
	one := errors.New("a: full")
	assert.Equal(t, "a: full\nb: full", message(errors.Join(one, errors.New("b: full"), one)))
}

// TestVerbsOf wants a command line that begins with a verb to make that verb alone, and its
// help to be the same as among all verbs.
func TestVerbsOf(t *testing.T) {
	all := newRoot(streams{}, allVerbs())
	for _, v := range allVerbs() {
		some := verbsOf([]string{v.name, "--help"})
		require.Len(t, some, 1)
		alone := newRoot(streams{}, some)
		cmd, _, err := alone.Find([]string{v.name})
		require.NoError(t, err)
		assert.Equal(t, v.name, cmd.Name())
		among, _, err := all.Find([]string{v.name})
		require.NoError(t, err)
		assert.Equal(t, among.UsageString(), cmd.UsageString())
		assert.Equal(t, among.Long, cmd.Long)
	}
	for _, args := range [][]string{nil, {"help", "list"}, {"--version"}, {"-z", "list"}, {"lits"}, {"completion", "bash"}, {"__complete", "list", ""}} {
		assert.Len(t, verbsOf(args), len(allVerbs()), "%q", args)
	}
}

// TestGrid wants a grid to look as a table does.
func TestGrid(t *testing.T) {
	rows := [][]string{{"NAME", "SERIES", "HELP"}, {"a", "12345678", ""}, {"größe", "", "long: ä"}, {"", "1", "x"}}
	var want, got bytes.Buffer
	tw, g := newTable(&want), newGrid(1, rows[0]...)
	for i, row := range rows {
		fmt.Fprintln(tw, strings.Join(row, "\t"))
		if i > 0 {
			g.row(row...)
		}
	}
	require.NoError(t, tw.Flush())
	require.NoError(t, g.print(&got))
	assert.Equal(t, want.String(), got.String())
	assert.Error(t, g.print(fullDisk{}))
}
