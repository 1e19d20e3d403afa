package relabel_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pcparchive/pcparchive/internal/sinktest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/relabel"
)

// seen keeps what comes out of a Stage.
type seen struct {
	lines    []string
	families map[string]string
	ids      map[int]string
	closed   bool
	t        *testing.T
}

func (s *seen) Sample(p *prom.Series, at int64, v float64) error {
	key := p.Name
	for _, l := range p.Labels {
		key += " " + l.Name + "=" + l.Value
	}
	if known, ok := s.ids[p.ID]; ok {
		assert.Equal(s.t, known, key, "two series have the number %d", p.ID)
	}
	s.ids[p.ID] = key
	if p.Family != nil {
		s.families[key] = p.Family.Name + " " + p.Family.Type
	}
	value := fmt.Sprint(v)
	if prom.IsStale(v) {
		value = "stale"
	}
	s.lines = append(s.lines, fmt.Sprintf("%d %s %s", at, key, value))
	return nil
}

func (s *seen) Close() error {
	s.closed = true
	return nil
}

// sample is "time name k=v … value".
type sample struct {
	at    int64
	id    int
	value float64
}

var input = []*prom.Series{
	{ID: 0, Name: "go_gc_total", Labels: []prom.Label{{Name: "host", Value: "a"}, {Name: "pod", Value: "1"}}, Family: &prom.Family{Name: "go_gc", Type: "counter"}},
	{ID: 1, Name: "go_gc_total", Labels: []prom.Label{{Name: "host", Value: "a"}, {Name: "pod", Value: "2"}}, Family: &prom.Family{Name: "go_gc", Type: "counter"}},
	{ID: 2, Name: "up"},
}

func run(t *testing.T, rules string, samples ...sample) (*seen, *prom.Report) {
	t.Helper()
	parsed, err := relabel.Parse([]byte(rules))
	require.NoError(t, err)
	out, report := &seen{t: t, families: map[string]string{}, ids: map[int]string{}}, &prom.Report{}
	stage := relabel.NewStage(sinktest.Sink(out), parsed, report)
	for _, s := range samples {
		require.NoError(t, sinktest.Put(stage, input[s.id], s.at, s.value))
	}
	require.NoError(t, sinktest.Finish(stage))
	assert.True(t, out.closed)
	return out, report
}

func TestStage(t *testing.T) {
	for _, c := range []struct {
		name, rules string
		want        []string
	}{
		{"drop by name", `[{source_labels: [__name__], regex: up, action: drop}]`,
			[]string{"1 go_gc_total host=a pod=1 5", "1 go_gc_total host=a pod=2 6"}},
		{"keep", `[{source_labels: [pod], regex: "2", action: keep}]`, []string{"1 go_gc_total host=a pod=2 6"}},
		{"add", `[{target_label: env, replacement: prod}]`,
			[]string{"1 go_gc_total env=prod host=a pod=1 5", "1 go_gc_total env=prod host=a pod=2 6", "1 up env=prod 1"}},
		{"rename", `[{source_labels: [__name__], regex: "go_(.*)", target_label: __name__, replacement: "my_$1"}]`,
			[]string{"1 my_gc_total host=a pod=1 5", "1 my_gc_total host=a pod=2 6", "1 up 1"}},
		{"merge", `[{regex: pod, action: labeldrop}]`, []string{"1 go_gc_total host=a 5", "1 up 1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, report := run(t, c.rules, sample{1, 0, 5}, sample{1, 1, 6}, sample{1, 2, 1})
			assert.Equal(t, c.want, out.lines)
			var lost []prom.LossCount
			if c.name == "merge" { // as for Prometheus, the first counts
				lost = []prom.LossCount{{Loss: prom.LossDuplicate, Name: "go_gc_total", Count: 1}}
			}
			assert.ElementsMatch(t, lost, report.Losses())
		})
	}
}

func TestFamilyFollowsName(t *testing.T) {
	out, _ := run(t, `[{source_labels: [__name__], regex: "go_(.*)", target_label: __name__, replacement: "my_$1"}]`, sample{1, 0, 5})
	assert.Equal(t, "my_gc counter", out.families["my_gc_total host=a pod=1"])
	out, _ = run(t, `[{source_labels: [__name__], target_label: __name__, replacement: "plain"}]`, sample{1, 0, 5})
	assert.Equal(t, "plain counter", out.families["plain host=a pod=1"])
}

// TestValueThatGrows has rules that double a value until labels cannot hold it.
func TestValueThatGrows(t *testing.T) {
	double := `{source_labels: [x, x], separator: "", target_label: x},`
	out, report := run(t, `[{target_label: x, replacement: `+strings.Repeat("v", 1<<20)+`}, `+strings.Repeat(double, 4)+`]`, sample{1, 2, 5})
	assert.Empty(t, out.lines)
	require.Len(t, report.Losses(), 1)
	assert.Equal(t, prom.LossInvalidLabel, report.Losses()[0].Loss)
}

func TestMergedSeriesEndsWithTheLast(t *testing.T) {
	stale := prom.StaleNaN
	out, _ := run(t, `[{regex: pod, action: labeldrop}]`,
		sample{1, 0, 5}, sample{1, 1, 6}, sample{2, 0, stale}, sample{3, 1, stale}, sample{4, 0, 1})
	assert.Equal(t, []string{
		"1 go_gc_total host=a 5", "3 go_gc_total host=a stale", "4 go_gc_total host=a 1",
	}, out.lines)
}

func TestSeriesWithoutNameIsCounted(t *testing.T) {
	out, report := run(t, `[{target_label: __name__, replacement: "", regex: "(.*)"}]`, sample{1, 0, 5})
	assert.Empty(t, out.lines)
	require.Len(t, report.Losses(), 1)
	assert.Equal(t, prom.LossInvalidLabel, report.Losses()[0].Loss)
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	file := func(text string) string {
		path := filepath.Join(dir, "rules.yml")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	rules, err := relabel.Load(file("metric_relabel_configs:\n- regex: pod\n  action: labeldrop\n"))
	require.NoError(t, err)
	assert.Len(t, rules, 1)
	for text, want := range map[string]string{
		"":                                     "no relabelling rules",
		"- action: fly\n":                      "unknown relabel action",
		"- {action: replace, regexx: a}\n":     "regexx",
		"- {action: hashmod, target_label: a}": "requires non-zero modulus",
		"- \n":                                 "rule 1 is empty",
		"metric_relabel_configs: 5":            "rules",
		"- {regex: '(', action: labeldrop}":    "missing closing )",
	} {
		_, err := relabel.Load(file(text))
		require.Error(t, err, text)
		assert.True(t, strings.Contains(err.Error(), want) && strings.Contains(err.Error(), "rules.yml"), "%q: %v", text, err)
	}
	_, err = relabel.Load(filepath.Join(dir, "none.yml"))
	require.ErrorIs(t, err, os.ErrNotExist)
}
