package eof_test

import (
	"fmt"
	"io"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/pcparchive/pcparchive/internal/eof"
)

func TestEnds(t *testing.T) {
	for _, tt := range []struct {
		err, early error
		is         bool
	}{
		{io.EOF, io.ErrUnexpectedEOF, true},
		{fmt.Errorf("a: %w", io.EOF), io.ErrUnexpectedEOF, true},
		{io.ErrUnexpectedEOF, io.ErrUnexpectedEOF, true},
		{os.ErrClosed, os.ErrClosed, false},
		{nil, nil, false},
	} {
		assert.Equal(t, tt.is, eof.Is(tt.err), "%v", tt.err)
		assert.Equal(t, tt.early, eof.Early(tt.err), "%v", tt.err)
	}
}
