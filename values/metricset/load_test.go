package metricset_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/values/metricset"
)

// sample has all forms of keys.
const sample = `
# comments
; of both kinds
[options]
precision = 1
header: yes

[global]
kernel.all.sysfork = forks,,,raw,6

[cpu]
unitinfo = no
delimiter = " "
colxrow = "  CPU"
globals = no
kernel.percpu.cpu.user = %%usr,"'cpu0','cpu1'",s,,7,2,-5
idle = kernel.all.cpu.idlep
idle.label = "idle, all"
idle.formula =
  100 * kernel.all.cpu.idle /
  hinv.ncpu
idle.unit = s
idle.type = raw
pct = %%pct,,,,6
pct.formula = 100 * rate(disk.all.read) / max(disk.dev.read, disk.dev.write)

[both]
idle = kernel.all.cpu.idlep
mem.freemem = ,cpu.*,KB
`

// load loads a file with a content.
func load(t *testing.T, content string) (*metricset.Config, error) {
	path := filepath.Join(t.TempDir(), "pmrep.conf")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o666))
	return metricset.Load(path)
}

func TestLoad(t *testing.T) {
	c, err := load(t, sample)
	require.NoError(t, err)
	assert.Equal(t, []string{"both", "cpu"}, c.Names())
	cpu, err := c.Set("cpu")
	require.NoError(t, err)
	assert.Equal(t, "  CPU", cpu.Options.Text("colxrow"))
	assert.False(t, cpu.Options.Bool("unitinfo", true))
	assert.True(t, cpu.Options.Bool("header", false), "from [options]")
	user := metricset.Metric{Name: "kernel.percpu.cpu.user", Key: "kernel.percpu.cpu.user", Label: "%usr", Instances: []string{"cpu0", "cpu1"}, Unit: "s", Width: 7, Precision: 2, Limit: -5}
	idle := metricset.Metric{Name: "kernel.all.cpu.idlep", Key: "idle", Label: "idle, all", Unit: "s", Raw: true, Width: -1, Precision: -1, Formula: "100 * kernel.all.cpu.idle /\nhinv.ncpu"}
	pct := metricset.Metric{Name: "pct", Key: "pct", Label: "%pct", Width: 6, Precision: -1, Formula: "100 * rate(disk.all.read) / max(disk.dev.read, disk.dev.write)"}
	assert.Equal(t, []metricset.Metric{user, idle, pct}, cpu.Metrics)
	for m, want := range map[*metricset.Metric]int{&user: 2, &idle: 1} {
		digits, err := cpu.Precision(*m)
		require.NoError(t, err)
		assert.Equal(t, want, digits, m.Name)
	}

	all, err := c.Set("cpu", "both")
	require.NoError(t, err)
	var names []string
	for _, m := range all.Metrics {
		names = append(names, m.Name)
	}
	assert.Equal(t, []string{"kernel.percpu.cpu.user", "kernel.all.cpu.idlep", "pct", "mem.freemem"}, names, "without [global], as cpu says")
	assert.Empty(t, all.Metrics[1].Formula, "the last definition counts")
	both, err := c.Set("both")
	require.NoError(t, err)
	assert.Equal(t, "kernel.all.sysfork", both.Metrics[0].Name, "of [global]")
}

func TestLoadFolder(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{"a.conf": "[options]\nwidth = 9\n[x]\na.b = one\n[y]\nc.d = y\n", "b.conf": "[x]\na.b = two\n", "c.txt": "no configuration"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o666))
	}
	c, err := metricset.Load(dir)
	require.NoError(t, err)
	x, err := c.Set("x")
	require.NoError(t, err)
	assert.Equal(t, "two", x.Metrics[0].Label)
	assert.Equal(t, filepath.Join(dir, "b.conf"), x.File)
	width, err := x.Width(x.Metrics[0])
	require.NoError(t, err)
	assert.Equal(t, 9, width)
	_, err = c.Set("xx")
	require.ErrorIs(t, err, metricset.ErrUnknown)
	assert.ErrorContains(t, err, "did you mean x")
	_, err = metricset.Load(t.TempDir())
	assert.ErrorContains(t, err, "no file *.conf")
}

func TestLoadMistakes(t *testing.T) {
	for content, reason := range map[string]string{
		"a = b\n":                          "line 1: a = b stands before the first [section]",
		"[options]\nprecison = 3\n":        "[options]: unknown option precison",
		"[options]\nwidth =\n":             "option width has no value",
		"[global]\nwidth = 3\n":            "[global]: options are not allowed: width",
		"[x]\nm.label = a\n":               "no line before it declares m",
		"[x]\na.b = l,,,,wide\n":           "width wide: want a whole number",
		"[x]\na.b = l,,,rare\n":            "type rare: want raw or default",
		"[x]\na.b = l,,,,1,2,3,4\n":        "want at most 7",
		"[x]\na.b = l,\"'a,,,\n":           "a quote is not closed",
		"[x\n":                             "not a configuration file of pmrep",
		"[x]\na.b = %(c)s\nc = %(a.b)s\n":  "line 2: key a.b: %(c)s stands for no plain value",
		"[x]\nno delimiter\n":              "line 2: want key = value: no delimiter",
		"[x]\na =\n":                       "key a has no value",
		"[x]\na.b = l\na.b.c = x,\"'y'\"z": "want a comma before z",
	} {
		_, err := load(t, content)
		require.ErrorIs(t, err, metricset.ErrSyntax, content)
		assert.ErrorContains(t, err, reason, content)
	}
	_, err := metricset.Load(filepath.Join(t.TempDir(), "none"))
	assert.ErrorIs(t, err, os.ErrNotExist)
}
