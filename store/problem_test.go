package store_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/store"
)

func TestProblemString(t *testing.T) {
	err := errors.New("rec.0: offset 60624: record ends early")
	assert.Equal(t, err.Error()+"; left out rec", store.Problem{Archive: "rec", Skipped: true, Err: err}.String())
	assert.Equal(t, err.Error()+"; used everything before it", store.Problem{Archive: "rec", Err: err}.String())
	damage := &archive.Damage{Err: err}
	assert.Equal(t, damage.Error(), store.Problem{Archive: "rec", Err: damage}.String())
}
