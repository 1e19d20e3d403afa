package defect_test

import (
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/defect"
)

func fault() { panic(io.ErrNoProgress) }

func TestGuard(t *testing.T) {
	err := defect.Guard(func() error { fault(); return nil })
	var d *defect.Error
	require.ErrorAs(t, err, &d)
	assert.Contains(t, string(d.Stack), "defect_test.fault")
	assert.Contains(t, err.Error(), "internal error: multiple Read calls return no data or error at github.com/pcparchive/pcparchive/internal/defect_test.fault (defect_test.go:")
	require.ErrorIs(t, err, io.ErrNoProgress)
	again := defect.Guard(func() error { d.Raise(); return nil })
	assert.Same(t, d, again, "the stack stays that of the first goroutine")
	failed := errors.New("failed")
	assert.Equal(t, failed, defect.Guard(func() error { return failed }))
	assert.NoError(t, defect.Guard(func() error { return nil }))
}

func TestGroup(t *testing.T) {
	var g defect.Group
	done := make(chan bool, 9)
	for i := range cap(done) {
		g.Go(func() {
			defer func() { done <- true }()
			if i == 4 {
				fault()
			}
		})
	}
	e := defect.Catch(g.Wait)
	require.NotNil(t, e)
	assert.Contains(t, string(e.Stack), "defect_test.fault")
	assert.Len(t, done, cap(done), "the others go on")
	var whole defect.Group
	whole.Go(func() {})
	assert.Nil(t, defect.Catch(whole.Wait))
}
