package main

import (
	"testing"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/stretchr/testify/assert"
)

// TestSamplesHost has a port belong to no host.
func TestSamplesHost(t *testing.T) {
	assert.Equal(t, "web", samplesHost("instance", "web:9100"))
	assert.Equal(t, "::1", samplesHost("instance", "[::1]:9100"))
	assert.Equal(t, "web:9100", samplesHost("job", "web:9100"))
	s := &prom.Series{Labels: []prom.Label{{Name: "job", Value: "a"}}}
	assert.Equal(t, "a", seriesLabel(s, "job"))
	assert.Empty(t, seriesLabel(s, "instance"))
}
