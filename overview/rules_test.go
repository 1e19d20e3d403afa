package overview

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/internal/oracle"
)

func TestDefaultRules(t *testing.T) {
	table := Default()
	resources := map[string]bool{}
	for _, r := range table.Rules {
		resources[r.Resource] = true
		assert.InDelta(t, 0.5, r.Level(r.Warn), 1e-9, r.Name)
		assert.InDelta(t, 1, r.Level(r.Bad), 1e-9, r.Name)
		assert.InDelta(t, 1, r.Level(r.Bad*10), 1e-9, r.Name)
		assert.InDelta(t, 0.25, r.Level(r.Warn/2), 1e-9, r.Name)
		assert.Zero(t, r.Level(-1), r.Name)
		assert.NotContains(t, r.At(150*time.Second), "1m]", r.Name)
		assert.Equal(t, strings.Contains(r.Words+r.Figure, "{instance}") || strings.Contains(r.Words, "{command}"), r.Instance != "" && !strings.HasPrefix(r.Name, "disk") || strings.HasPrefix(r.Name, "disk"), r.Name)
	}
	assert.Len(t, resources, len(Resources))
	assert.Equal(t, "rate(disk_dev_avactive[2m30s]) / 10", table.Rules[slices.IndexFunc(table.Rules, func(r *Rule) bool { return r.Name == "disk_busy" })].At(150*time.Second))
	assert.Contains(t, table.Metrics(), "proc_io_write_bytes", "of the figures beside the rules, too")
	for i, r := range table.all() {
		first := table.all()[table.source[i]]
		assert.Equal(t, r.Expr, first.Expr, r.Name)
		assert.Equal(t, r.Name == "top_cpu", first != r, r.Name)
	}
}

// Every rule that is wrong is refused with its name.
func TestParseTable(t *testing.T) {
	rule := func(change ...string) string {
		text := `rules: [{name: a, title: A, resource: cpu, kind: errors, expr: a, unit: x, warn: 1, bad: 2, words: w, warns: w, figure: f}]`
		return strings.NewReplacer(change...).Replace(text)
	}
	_, err := ParseTable([]byte(rule()))
	require.NoError(t, err)
	for want, text := range map[string]string{
		"parse error":                  rule("expr: a,", "expr: 'a+',"),
		"must give an instant vector":  rule("expr: a,", "expr: 'a[1m]',"),
		"names no metric":              rule("expr: a,", `expr: '{b="c"}',`),
		`resource "gpu" is not one of`: rule("cpu", "gpu"),
		`kind "use" is not one of`:     rule("errors", "use"),
		"warn must be above 0":         rule("warn: 1", "warn: 2"),
		"words and warns":              rule("words: w", "words: ''"),
		"name, title and figure":       rule("title: A", "title: ''"),
		"two of this name":             rule("}]", "}, {name: a, title: A, resource: cpu, kind: errors, expr: a, warn: 1, bad: 2, words: w, warns: w, figure: f}]"),
		"field wrn not found":          rule("warn", "wrn"),
		"of must be given":             "beside: [{name: a, title: A, expr: a, figure: f}]",
	} {
		_, err := ParseTable([]byte(text))
		assert.ErrorContains(t, err, want)
	}
}

// TestNamesInRecording wants the metrics of all rules in what PCP's logger records of this
// host.
func TestNamesInRecording(t *testing.T) {
	base := oracle.Record(t, logged, 2*time.Second)
	r, err := archive.Open(base, nil)
	require.NoError(t, err)
	found := map[string]bool{}
	for d := range r.Meta().Metrics() {
		found[naming.SampleName(r.Meta(), d)] = true
	}
	for _, rule := range Default().all() {
		for _, name := range rule.Needs {
			assert.True(t, found[name], "%s needs %s", rule.Name, name)
		}
	}
}
