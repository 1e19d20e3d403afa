package depcheck

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v2"
)

// The packages' files exist, and the units are such that systemd accepts them.
func TestDist(t *testing.T) {
	root := filepath.Join("..", "..")
	text, err := os.ReadFile(filepath.Join(root, "dist", "nfpm.yaml"))
	require.NoError(t, err)
	var packaged struct {
		Contents []struct{ Src, Dst string }
		Scripts  map[string]string
	}
	require.NoError(t, yaml.Unmarshal(text, &packaged))
	sources := []string{}
	for _, c := range packaged.Contents {
		sources = append(sources, c.Src)
	}
	for _, script := range packaged.Scripts {
		sources = append(sources, script)
	}
	require.Greater(t, len(sources), 10)
	for _, src := range sources {
		if strings.HasPrefix(src, "bin/") { // make packages builds it
			continue
		}
		found, err := filepath.Glob(filepath.Join(root, src))
		require.NoError(t, err)
		assert.NotEmpty(t, found, src)
	}
	units, err := filepath.Glob(filepath.Join(root, "dist", "*.service"))
	require.NoError(t, err)
	require.Len(t, units, 2)
	for _, unit := range units {
		checkUnit(t, unit)
	}
}

func checkUnit(t *testing.T, unit string) {
	t.Helper()
	text, err := os.ReadFile(unit)
	require.NoError(t, err)
	program := regexp.MustCompile(`(?m)^ExecStart=/usr/bin/pcparchive (\w+) `).FindSubmatch(text)
	require.NotNil(t, program, unit)
	assert.Contains(t, unit, "pcparchive-"+string(program[1])+".service")
	verify, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Log("systemd-analyze is absent")
		return
	}
	out, _ := exec.Command(verify, "verify", unit).CombinedOutput() // fails where the program is not installed
	for line := range strings.Lines(string(out)) {
		if !strings.Contains(line, "is not executable") && !strings.Contains(line, "Command 'man ") {
			assert.NotContains(t, line, filepath.Base(unit))
		}
	}
}
