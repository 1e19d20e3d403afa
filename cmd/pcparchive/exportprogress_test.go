package main

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/pcp"
)

func TestShareOfBytes(t *testing.T) {
	start := pcp.TimestampMilli(5000)
	p := &timeProgress{bytes: 1000, start: start, span: 10 * time.Second}
	for after, want := range map[time.Duration]int64{-time.Hour: 0, 0: 0, time.Second: 100, 10 * time.Second: 1000, time.Hour: 1000} {
		assert.Equal(t, want, p.share(start.Add(after)), after)
	}
	p.span = 0
	assert.Zero(t, p.share(start))

	base := filepath.Join(t.TempDir(), "rec")
	require.NoError(t, fixtures["prom"](base))
	h, err := openHosts(streams{}, []string{base})
	require.NoError(t, err)
	p = newTimeProgress(streams{}, h, pcp.Timestamp{}, pcp.MaxTime)
	assert.Greater(t, p.bytes, int64(1000))
	p.at(pcp.MaxTime) // shows nothing where there is no terminal
	assert.Zero(t, p.done)
}
