package top

import (
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestLeaveSame wants the overview's rules and the page to leave the same devices and file
// systems of node_exporter out as the tables do.
func TestLeaveSame(t *testing.T) {
	selector := regexp.MustCompile(`\{((?:device|fstype)!~"[^}]*)\}`)
	disks, filesystems := `device!~"`+noDisks+`"`, `device!~"`+loopDevices+`",fstype!~"`+noFilesystems+`"`
	for file, least := range map[string]int{"../overview/rules.yml": 3, "../web/src/host/sections.ts": 1} {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		found := map[string]int{}
		for _, m := range selector.FindAllStringSubmatch(string(text), -1) {
			found[m[1]]++
		}
		assert.Len(t, found, 2, "%s: %v", file, found)
		assert.GreaterOrEqual(t, found[disks], least, "%s: %v", file, found)
		assert.Positive(t, found[filesystems], "%s: %v", file, found)
	}
}
