package nativemap

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/pcp"
)

// agentDescs is a description as pminfo -md shows it.
var agentDescs = regexp.MustCompile(`(?m)^(\S+) PMID: (\S+)\n    Data Type: (.+?)  InDom: (\S+) .*\n    Semantics: (\S+)  Units: (.+)$`)

var agentTypes = map[string]pcp.Type{
	"32-bit int": pcp.Type32, "32-bit unsigned int": pcp.TypeU32, "64-bit int": pcp.Type64, "64-bit unsigned int": pcp.TypeU64,
	"float": pcp.TypeFloat, "double": pcp.TypeDouble, "string": pcp.TypeString,
}

// agent asks the reference's Linux agent, which needs no server to be asked.
func agent(t *testing.T, args ...string) string {
	t.Helper()
	if r := oracle.Exec(t, "pminfo", "-L", "-d", "kernel.all.load"); r.Exit != 0 {
		require.NotEqual(t, "1", os.Getenv(oracle.RequireEnv), r.Stderr)
		t.Skipf("pminfo -L: exit status %d: %s", r.Exit, r.Stderr)
	}
	r := oracle.Exec(t, "pminfo", append([]string{"-L"}, args...)...)
	require.NotEmpty(t, r.Stdout, r.Stderr)
	return r.Stdout
}

// The agent of a machine has 64 bits where the kernel's counters have; the table
// is for such.
func TestDescriptorsAreTheAgents(t *testing.T) {
	m, err := New("node_exporter")
	require.NoError(t, err)
	args := []string{"-md"}
	for name := range m.metrics {
		args = append(args, name)
	}
	want := map[string][]string{}
	for _, d := range agentDescs.FindAllStringSubmatch(agent(t, args...), -1) {
		want[d[1]] = d[2:]
	}
	for _, r := range m.table.rows {
		w, ok := want[r.name]
		if !assert.True(t, ok, "%s: the agent has no such metric", r.name) {
			continue
		}
		d := r.desc
		units := d.Units.String()
		if units == "" {
			units = "none"
		}
		got := []string{d.PMID.String(), d.Type.String(), d.InDom.String(), d.Sem.String(), units}
		typ, known := agentTypes[w[1]]
		require.True(t, known, w[1])
		assert.Equal(t, []string{w[0], typ.String(), w[2], w[3], w[4]}, got, r.name)
	}
}

// labelLine matches what pminfo -l shows of a metric and an instance.
var labelLine = regexp.MustCompile(`(?m)^    labels (\{.*\})$`)

func TestInDomLabelsAreTheAgents(t *testing.T) {
	m, err := New("node_exporter")
	require.NoError(t, err)
	seen := 0
	for id, in := range m.table.indoms {
		var name string
		for _, r := range m.table.rows {
			if r.desc.InDom == id {
				name = r.name
			}
		}
		require.NotEmpty(t, name, id)
		found := labelLine.FindStringSubmatch(agent(t, "-l", name))
		require.NotNil(t, found, name)
		for l := range in.labels.All() {
			seen++
			assert.Contains(t, strings.ReplaceAll(found[1], ": ", ":"), fmt.Sprintf("%q:%s", l.Name, l.Value), name)
		}
	}
	assert.Greater(t, seen, 20)
}
