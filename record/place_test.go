package record

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	promconfig "github.com/prometheus/prometheus/config"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/pcp"
)

// Whatever is in the label instance: the folder can be made, and no name has a secret.
func TestPlaces(t *testing.T) {
	cfg := &Config{Prometheus: &promconfig.Config{}, Jobs: map[string]Job{"own": {Host: "other"}}}
	for instance, want := range map[string]string{
		"targets.json:80": "_targets.json", "targets.json.new:1": "_targets.json.new", "u:hush@h:80": "h", "https://u:hush@h/p?q=hush": "h",
		"[2001:db8::7]:9100": "2001_db8__7", "..:1": "_..", "web 1": "web_1",
	} {
		assert.Equal(t, stem{want, "job"}, cfg.stemOf(PerTarget, "job", instance), instance)
	}
	assert.Equal(t, "other", cfg.stemOf(PerJob, "own", "h:1").host)
	assert.Equal(t, cfg.stemOf(PerAll, "job", "g:1"), cfg.stemOf(PerAll, "own", "h:1"), "one archive for all")
	plain := stem{"h", "job"}
	taken := func(s stem) bool { return s != plain }
	assert.Equal(t, "job-9100", plain.choose("h:9100", "sum", taken).name)
	assert.Equal(t, "job-xsum", plain.choose("https://h/?q=hush", "sum", taken).name)
}

// The label of an archive holds every host, and different hosts stay different.
func TestHostLabel(t *testing.T) {
	for _, version := range []pcp.Version{0, pcp.V2, pcp.V3} {
		long := strings.Repeat("ü", 200)
		a, b := hostLabel(long+"a", version), hostLabel(long+"b", version)
		assert.NotEqual(t, a, b)
		app, err := archive.Create(t.TempDir()+"/x", archive.Header{Host: a}, &archive.WriteOptions{Version: version})
		require.NoError(t, err)
		require.NoError(t, app.Close())
		assert.Equal(t, "web1", hostLabel("web1", version))
	}
}
