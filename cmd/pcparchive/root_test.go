package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
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
