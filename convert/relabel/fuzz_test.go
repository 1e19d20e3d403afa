package relabel_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	promrelabel "github.com/prometheus/prometheus/model/relabel"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/relabel"
)

// passed keeps the last series that came through.
type passed struct{ series *prom.Series }

func (p *passed) Append(s *prom.Series, _ []prom.Sample) error { p.series = s; return nil }
func (*passed) Flush(context.Context) error                    { return nil }
func (*passed) Close() error                                   { return nil }

// FuzzRules compares a stage with Prometheus' own relabelling of any labels by any
// rules. Labels are lines of name=value.
func FuzzRules(f *testing.F) {
	for _, rules := range []string{
		`[{source_labels: [__name__], regex: m.*, action: drop}]`, `[{target_label: env, replacement: prod}]`,
		`[{regex: a, action: labeldrop}]`, `[{regex: "(.)", replacement: "x_$1", action: labelmap}]`,
		`[{source_labels: [a, b], separator: "-", target_label: __name__}]`, `[{source_labels: [a], modulus: 3, target_label: h, action: hashmod}]`,
		`[{source_labels: [a], target_label: b, action: uppercase}]`, `[{regex: "__name__|a", action: labelkeep}]`,
		`[{source_labels: [a], target_label: b, action: keepequal}]`, `[{target_label: __name__, replacement: ""}]`,
	} {
		f.Add(rules, "m", "a=1\nb=two")
		f.Add(rules, "a.b", "__odd=x\nü=\xff\na=m")
	}
	f.Fuzz(func(t *testing.T, text, name, pairs string) {
		rules, err := relabel.Parse([]byte(text))
		if err != nil {
			return
		}
		b := labels.NewBuilder(labels.EmptyLabels())
		b.Set(model.MetricNameLabel, name)
		for pair := range strings.Lines(pairs) {
			key, value, _ := strings.Cut(strings.TrimSuffix(pair, "\n"), "=")
			if key != "" && key != model.MetricNameLabel {
				b.Set(key, value)
			}
		}
		in := &prom.Series{Name: name, Family: &prom.Family{Name: name}}
		b.Labels().Range(func(l labels.Label) {
			if l.Name != model.MetricNameLabel {
				in.Labels = append(in.Labels, prom.Label{Name: l.Name, Value: l.Value})
			}
		})
		if !in.Fits() {
			return // no source has such a series
		}
		keep := promrelabel.ProcessBuilder(b, rules...)
		var got passed
		report := &prom.Report{}
		require.NoError(t, relabel.NewStage(&got, rules, report).Append(in, []prom.Sample{{T: 1, V: 1}}))
		if !keep {
			require.Nil(t, got.series)
			return
		}
		if got.series == nil {
			require.NotEmpty(t, report.Losses(), "dropped without a word: %s", b.Labels())
			return
		}
		b.Del("__odd")
		want, have := []string{}, []string{}
		b.Labels().Range(func(l labels.Label) {
			if l.Name == model.MetricNameLabel || !strings.HasPrefix(l.Name, "__") {
				want = append(want, fmt.Sprintf("%q=%q", l.Name, l.Value))
			}
		})
		have = append(have, fmt.Sprintf("%q=%q", model.MetricNameLabel, got.series.Name))
		for _, l := range got.series.Labels {
			if !strings.HasPrefix(l.Name, "__") {
				have = append(have, fmt.Sprintf("%q=%q", l.Name, l.Value))
			}
		}
		require.ElementsMatch(t, want, have)
	})
}
