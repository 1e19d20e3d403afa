package scrape

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// A warning that each scrape repeats is a new one only after a while without it.
func TestRepeats(t *testing.T) {
	var r repeats
	now := time.Unix(1_000_000, 0)
	assert.True(t, r.first(warning{"a", "m"}, now))
	for range 100 {
		now = now.Add(silence / 2)
		assert.False(t, r.first(warning{"a", "m"}, now))
	}
	assert.True(t, r.first(warning{"b", "m"}, now))
	assert.True(t, r.first(warning{"a", "other"}, now))
	assert.True(t, r.first(warning{"a", "m"}, now.Add(silence+1)))
	for i := range 3 * maxWarnings {
		r.first(warning{fmt.Sprint(i), "m"}, now)
	}
	assert.LessOrEqual(t, len(r.last), maxWarnings)
}

// Warnings about different targets, files and causes of discovery are different ones; their
// numbers and errors make no difference.
func TestOnceHandler(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(onceHandler{Handler: slog.NewTextHandler(&out, nil), repeats: &repeats{}})
	for i := range 3 {
		one := log.With("target", "http://a/")
		one.Warn("samples dropped", "num_dropped", i)
		one.Error("wrong type", "err", errors.New(fmt.Sprint("cause ", i)))
		log.With("target", "http://b/").Warn("samples dropped", "num_dropped", i)
		log.With("discovery", "file").Error("Error reading file", "path", "x.json", "err", "cause")
		log.With("discovery", "file").Error("Error reading file", "path", "y.json", "err", "cause")
		one.Info("said each time")
	}
	assert.Equal(t, 3+5, strings.Count(out.String(), "\n"), out.String())
}
