package ruleeval

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v2"

	"github.com/pcparchive/pcparchive/internal/oracle"
)

func minute(n int) time.Time { return time.Unix(int64(n)*60, 0).UTC() }

func evaluate(t testing.TB, in input, rules string, from, to int) *Result {
	t.Helper()
	res, err := load(t, rules).Evaluate(t.Context(), in.engine(t), minute(from), minute(to), Options{})
	require.NoError(t, err)
	return res
}

func TestAlerts(t *testing.T) {
	res := evaluate(t, input{`x{i="a"}`: "0 1 1 1 1 0 1 1 1 1 1", `x{i="b"}`: "1x10"}, `
groups:
- name: g
  rules:
  - {alert: Now, expr: 'x{i="a"} > 0'}
  - {alert: Later, expr: x > 0, for: 3m, labels: {severity: 'p{{ $value }}', team: ops}, annotations: {text: '{{ $labels.i }} is {{ $value }} {{ query "x{i=\"b\"}" | first | value }}'}}
  - {alert: Keep, expr: 'x{i="a"} > 0', for: 1m, keep_firing_for: 2m}
  - {alert: Never, expr: x > 5}
`, 0, 10)
	rules := res.Groups[0].Rules
	assert.Equal(t, []string{`{alertname="Now", i="a"} 1 1 5`, `{alertname="Now", i="a"} 6 6 `}, lines(rules[0]))
	assert.Equal(t, []string{
		`{alertname="Later", i="b", severity="p1", team="ops"} 0 3 `, `{alertname="Later", i="a", severity="p1", team="ops"} 1 4 5`, `{alertname="Later", i="a", severity="p1", team="ops"} 6 9 `,
	}, lines(rules[1]))
	assert.Equal(t, "a is 1 1", rules[1].Alerts[1].Annotations.Get("text"))
	assert.Equal(t, []string{`{alertname="Keep", i="a"} 1 2 `}, lines(rules[2]))
	assert.Empty(t, rules[3].Alerts)
	for _, r := range rules {
		assert.NoError(t, r.Err)
	}
	assert.Equal(t, minute(10), res.Groups[0].Last)
	assert.Equal(t, []string{"firing", "inactive", "firing"}, []string{rules[1].Alerts[0].State(), rules[1].Alerts[1].State(), rules[1].Alerts[2].State()})
}

// TestRecordedSeries reads what recording rules make: by rules of the same group, and of
// a group that comes later in the file.
func TestRecordedSeries(t *testing.T) {
	res := evaluate(t, input{`x{i="a"}`: "1 2 3 _ _ _ _ _ _ 4 5", `x{i="b"}`: "1x10"}, `
groups:
- name: last
  rules: [{alert: Alerts, expr: 'count(ALERTS{alertname="Sum"})'}]
- name: late
  rules: [{alert: Sum, expr: twice:sum >= 8}]
- name: early
  interval: 1m
  labels: {from: group}
  rules:
  - {record: 'job:x:sum', expr: 'sum(x) without (none)', labels: {rule: one}}
  - {record: 'twice:sum', expr: 'sum(job:x:sum) * 2'}
`, 0, 10)
	assert.Equal(t, "last", res.Groups[0].Name, "in the order of the file")
	assert.Equal(t, []string{`{alertname="Sum", from="group"} 2 2 7`, `{alertname="Sum", from="group"} 9 9 `}, lines(res.Groups[1].Rules[0]))
	assert.Len(t, res.Groups[0].Rules[0].Alerts, 2)
	q, err := res.Beside(storage.QueryableFunc(func(int64, int64) (storage.Querier, error) { return storage.NoopQuerier(), nil })).Querier(0, 600_000)
	require.NoError(t, err)
	names, _, err := q.LabelValues(t.Context(), "__name__", nil)
	require.NoError(t, err)
	assert.Equal(t, []string{"ALERTS", "job:x:sum", "twice:sum"}, names)
	names, _, err = q.LabelNames(t.Context(), nil, labels.MustNewMatcher(labels.MatchEqual, "__name__", "job:x:sum"))
	require.NoError(t, err)
	assert.Equal(t, []string{"__name__", "from", "i", "rule"}, names)
}

func TestLoadNamesMistakes(t *testing.T) {
	path := file(t, "bad.yml", "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: '('\n  - record: a b\n    for: 1m\n    expr: x\n")
	_, err := Load(path)
	require.Error(t, err)
	for _, part := range []string{path, `5:11: group "g", rule 1, "A": could not parse expression`, `group "g", rule 2, "a b": invalid field 'for' in recording rule`} {
		assert.ErrorContains(t, err, part)
	}
	_, err = Load(path + ".none")
	require.ErrorContains(t, err, "no such file")
	_, err = Load(t.TempDir())
	require.ErrorContains(t, err, "is not a file")
	_, err = Load(file(t, "unknown.yml", "groups: [{name: g, nothing: 1}]"))
	require.ErrorContains(t, err, "field nothing not found")
}

// TestFailingRules has errors of rules that do not stop the others.
func TestFailingRules(t *testing.T) {
	res := evaluate(t, input{`x{i="a"}`: "1x10", `x{i="b"}`: "1x10"}, `
groups:
- name: g
  limit: 1
  rules:
  - {record: same, expr: x, labels: {i: c}}
  - {record: join, expr: 'x + on() x'}
  - {record: many, expr: x}
  - {alert: Many, expr: x}
  - {alert: Fine, expr: 'x{i="a"}', annotations: {a: '{{ .None.Field }}'}}
- name: other
  rules: [{record: same2, expr: x, labels: {i: c}}]
`, 0, 10)
	rules := res.Groups[0].Rules
	require.ErrorContains(t, res.Groups[1].Rules[0].Err, "same labelset")
	require.ErrorContains(t, rules[1].Err, "many-to-many")
	require.ErrorContains(t, rules[2].Err, "exceeded limit of 1 with 2 series")
	require.ErrorContains(t, rules[3].Err, "exceeded limit of 1 with 2 alerts")
	assert.Len(t, rules[4].Alerts, 1)
	assert.Contains(t, rules[4].Alerts[0].Annotations.Get("a"), "error expanding template")
}

func TestEvaluationEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := load(t, "groups: [{name: g, rules: [{alert: A, expr: x}]}]").Evaluate(ctx, input{"x": "1x10"}.engine(t), minute(0), minute(10), Options{})
	require.ErrorIs(t, err, context.Canceled)
	res, err := load(t, "groups: [{name: g, rules: [{record: a, expr: x}]}]").Evaluate(t.Context(), input{"x": "1x10"}.engine(t), minute(0), minute(10), Options{MaxSamples: 3})
	require.NoError(t, err)
	require.ErrorContains(t, res.Groups[0].Rules[0].Err, "more than 3 samples")
}

// TestLongTime evaluates more times than one query does.
func TestLongTime(t *testing.T) {
	res := evaluate(t, input{"x": "1x9000"}, "groups: [{name: g, interval: 30s, rules: [{alert: A, expr: x > 0, for: 1h}, {record: r, expr: x}]}]", 10, 9000)
	assert.Equal(t, []string{`{alertname="A"} 10 70 `}, lines(res.Groups[0].Rules[0]))
	assert.Len(t, res.recorded.byKey[string(labels.FromStrings("__name__", "r").Bytes(nil))].Floats, 2*8990+1)
}

// TestTimes aligns to multiples of the interval.
func TestTimes(t *testing.T) {
	first, last := times(time.Unix(-7, 0), time.Unix(17, 5e8), 5*time.Second)
	assert.Equal(t, []int64{-5, 15}, []int64{first.Unix(), last.Unix()})
	first, last = times(time.Unix(1, 0), time.Unix(2, 0), time.Minute)
	assert.True(t, last.Before(first))
}

const judgedRules = `
groups:
- name: g
  interval: 1m
  rules:
  - {record: 'i:x', expr: 'sum by (i) (x) + 0', labels: {made: rule}}
  - {alert: Plain, expr: x > 1}
  - {alert: For, expr: x > 1, for: 3m, labels: {severity: page}, annotations: {text: '{{ $labels.i }} has {{ $value | humanize }}'}}
  - {alert: Keep, expr: x > 2, for: 1m, keep_firing_for: 4m}
  - {alert: Template, expr: x > 1, for: 2m, labels: {value: '{{ $value }}'}}
  - {alert: Recorded, expr: 'i:x >= 3'}
  - {alert: Rate, expr: 'rate(y[5m]) > 0.02', for: 2m}
  - {alert: Absent, expr: 'absent(x{i="c"})', for: 5m}
`

// TestPromtoolAgrees gives promtool the same series and rules, and lets it check which
// alerts fire at each minute. No series pauses for five minutes without a marker: only
// Prometheus 3 leaves out the sample at the beginning of the look-back.
func TestPromtoolAgrees(t *testing.T) {
	in := input{
		`x{i="a"}`: "0 2 2 2 2 2 0 2 3 3 0 0 3 3 3 0 0 0 0 0 3 3 3 3 _ _ _ 3 stale _ _ 3 3 3 1 1 2 3 2 3",
		`x{i="b"}`: "3x5 0x5 2x10 _x3 stale 2x12", `x{i="c"}`: "_x9 1x4 stale _x20 1", "y": "0+2x20 0+1x20",
	}
	res := evaluate(t, in, judgedRules, 0, 40)
	type expected struct {
		Labels      map[string]string `yaml:"exp_labels"`
		Annotations map[string]string `yaml:"exp_annotations,omitempty"`
	}
	type alertTest struct {
		At     string     `yaml:"eval_time"`
		Name   string     `yaml:"alertname"`
		Alerts []expected `yaml:"exp_alerts"`
	}
	type series struct {
		Series string `yaml:"series"`
		Values string `yaml:"values"`
	}
	var tests []alertTest
	fired := 0
	for _, rule := range res.Groups[0].Rules {
		for n := 0; rule.Alerting && n <= 40; n++ {
			at := alertTest{At: fmt.Sprint(n, "m"), Name: rule.Name, Alerts: []expected{}}
			for _, a := range rule.Alerts {
				if a.Firing() && !a.FiredAt.After(minute(n)) && (a.ResolvedAt.IsZero() || a.ResolvedAt.After(minute(n))) {
					ls := a.Labels.Map()
					delete(ls, "alertname")
					want := expected{Labels: ls}
					if !rule.Annotations.IsEmpty() {
						want.Annotations = a.Annotations.Map()
					}
					at.Alerts = append(at.Alerts, want)
					fired++
				}
			}
			tests = append(tests, at)
		}
	}
	require.Greater(t, fired, 100, "the question is worth asking")
	var all []series
	for name, values := range in {
		all = append(all, series{name, values})
	}
	// An annotation has the value at which the alert began to fire; promtool's has the present one.
	tests = slices.DeleteFunc(tests, func(a alertTest) bool { return a.Name == "For" && a.At != "4m" })
	rules := file(t, "rules.yml", judgedRules)
	text, err := yaml.Marshal(map[string]any{
		"rule_files": []string{rules}, "evaluation_interval": "1m",
		"tests": []any{map[string]any{"interval": "1m", "input_series": all, "alert_rule_test": tests}},
	})
	require.NoError(t, err)
	out := oracle.Exec(t, "promtool", "test", "rules", file(t, "test.yml", string(text)))
	assert.Zero(t, out.Exit, "%s%s", out.Stdout, out.Stderr)
	assert.Contains(t, out.Stdout, "SUCCESS")
	assert.NotContains(t, strings.ToUpper(out.Stdout), "FAILED")
}

// TestAt goes back to earlier states.
func TestAt(t *testing.T) {
	res := evaluate(t, input{`x`: "0 1 1 1 1 1 0 0 0 0 0"}, "groups: [{name: g, rules: [{alert: A, expr: x > 0, for: 2m}, {record: r, expr: x}]}]", 0, 10)
	for at, want := range map[int][]string{
		0: nil, 1: {`{alertname="A"} 61  `}, 2: {`{alertname="A"} 61  `}, 3: {`{alertname="A"} 61 63 `}, 5: {`{alertname="A"} 61 63 `}, 6: {`{alertname="A"} 61 63 66`}, 20: {`{alertname="A"} 61 63 66`},
	} {
		then := res.At(minute(at), time.Hour)
		assert.Equal(t, want, lines(then.Groups[0].Rules[0]), at)
		assert.Equal(t, minute(60+min(at, 10)), then.Groups[0].Last, at)
		assert.Equal(t, minute(60+min(at, 10)), then.End)
	}
	assert.Equal(t, []string{`{alertname="A"} 1 3 6`}, lines(res.Groups[0].Rules[0]), "the result itself is as before")
}
