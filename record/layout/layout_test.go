package layout_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/pcparchive/pcparchive/record/layout"
)

func TestNamesComeBack(t *testing.T) {
	start := time.Date(2026, 11, 29, 16, 5, 0, 0, time.Local)
	for _, n := range []layout.Name{
		{Host: "web1", Stem: "node", Start: start},
		{Host: "web1", Stem: "node", Start: start, Again: 1},
		{Host: "web1", Stem: "kube-pods.v2", Start: start, Again: 120},
		{Host: "10.0.0.1", Stem: "a.20261129.16.04", Start: start},
	} {
		got, ok := layout.Parse(n.Base("rec"))
		assert.True(t, ok, n)
		assert.Equal(t, n, got)
	}
	assert.Equal(t, filepath.Join("rec", "web1", "node.20261129.16.05"), layout.Name{Host: "web1", Stem: "node", Start: start}.Base("rec"))
	for _, name := range []string{"", "node", "20261129.16.05", ".20261129.16.05", "node.20261329.16.05", "node.20261129.16.05-", "node.20261129.16.05-x", "node-01"} {
		_, ok := layout.Parse(filepath.Join("rec", "web1", name))
		assert.False(t, ok, name)
	}
}

func TestPartsAreSafe(t *testing.T) {
	for text, want := range map[string]string{
		"web-1.example.org": "web-1.example.org", "a/b c": "a_b_c", "..": "_..", "-x": "_-x", "": "_", "fe80::1%eth0": "fe80__1_eth0", "ü": "_",
	} {
		assert.Equal(t, want, layout.Part(text))
	}
}
