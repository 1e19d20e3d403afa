package main

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
)

// TestArchiveFileName demands names under which an archive is found again.
func TestArchiveFileName(t *testing.T) {
	for value, want := range map[string]string{
		"web1": "web1", "web1.example.com": "web1.example.com", "10.0.0.1": "10_0_0_1", "fe80::1": "fe80__1",
		"a/b": "a_b", "../up": "_.._up", ".": "__", "": "_", "x.meta": "x_meta", "x.index": "x_index", "a.0": "a_0", "é": "_", "C:\\x": "C__x",
	} {
		name := archiveFileName(value)
		assert.Equal(t, want, name, value)
		base := filepath.Join(t.TempDir(), name)
		require.NoError(t, writeProm(base, "web"), value)
		found, members, err := archive.Members(base)
		require.NoError(t, err, value)
		assert.Equal(t, base, found, value)
		assert.Len(t, members, 3, value)
	}
}

// TestSamplesHost has a port belong to no host.
func TestSamplesHost(t *testing.T) {
	assert.Equal(t, "web", samplesHost("instance", "web:9100"))
	assert.Equal(t, "::1", samplesHost("instance", "[::1]:9100"))
	assert.Equal(t, "web:9100", samplesHost("job", "web:9100"))
	s := &convert.PromSeries{Labels: []convert.Label{{Name: "job", Value: "a"}}}
	assert.Equal(t, "a", seriesLabel(s, "job"))
	assert.Empty(t, seriesLabel(s, "instance"))
}
