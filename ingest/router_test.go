package ingest

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/pcparchive/pcparchive/convert/prom"
)

// TestHostOfLabel checks that a port does not belong to a host.
func TestHostOfLabel(t *testing.T) {
	assert.Equal(t, "web", hostOfLabel("instance", "web:9100"))
	assert.Equal(t, "::1", hostOfLabel("instance", "[::1]:9100"))
	assert.Equal(t, "web:9100", hostOfLabel("job", "web:9100"))
	s := &prom.Series{Labels: []prom.Label{{Name: "job", Value: "a"}}}
	assert.Equal(t, "a", labelValue(s, "job"))
	assert.Empty(t, labelValue(s, "instance"))
}
