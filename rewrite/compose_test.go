package rewrite

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/pcp"
)

// TestInputsAreOpenedInTurn: of inputs that follow each other one is open at a
// time, of those that overlap as many as do.
func TestInputsAreOpenedInTurn(t *testing.T) {
	dir := t.TempDir()
	c := &composer{report: &Report{}}
	write := func(first, last int64) {
		base := filepath.Join(dir, fmt.Sprint(first))
		a, err := archive.Create(base, archtest.Header, nil)
		require.NoError(t, err)
		for sec := first; sec <= last && err == nil; sec++ {
			err = errors.Join(a.Define(archtest.Count), a.Append(&archive.Result{Stamp: pcp.Timestamp{Sec: sec}, Sets: []archive.ValueSet{{PMID: archtest.Count.PMID}}}))
		}
		require.NoError(t, errors.Join(err, a.Close()))
		r, err := archive.Open(base, nil)
		require.NoError(t, err)
		c.waiting = append(c.waiting, newInput(r, len(c.waiting), &c.o, c.report))
	}
	write(1, 2)
	write(3, 4)
	write(5, 8)
	write(7, 9)
	var open []int
	for {
		s, err := c.earliest()
		require.NoError(t, err)
		if s == nil {
			break
		}
		open = append(open, len(c.active))
		require.NoError(t, c.advance(s))
	}
	assert.Equal(t, []int{1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1}, open)
	assert.Empty(t, c.active)
}
