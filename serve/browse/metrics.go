package browse

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/pcparchive/pcparchive/catalogue"
	"github.com/pcparchive/pcparchive/internal/safetext"
	"github.com/pcparchive/pcparchive/pcp"
)

// Metric describes a metric under its first name.
type Metric struct {
	Name      string `json:"name"`   // in PCP
	PromQL    string `json:"promql"` // of the samples
	Type      string `json:"type"`   // as Prometheus has it
	Semantics string `json:"semantics"`
	Units     string `json:"units"`           // as PCP has it, such as "Kbyte / sec"
	InDom     string `json:"indom,omitempty"` // "" for a single value
	Native    bool   `json:"native"`          // PCP's own; other metrics came from Prometheus
	OneLine   string `json:"oneline"`
	Help      string `json:"help"`
}

// metricsJSON returns the reply with the metrics of all archives, sorted by name. Metrics
// without numbers are left out. Where archives describe a metric differently, the last
// description counts.
func metricsJSON(ctx context.Context, v *catalogue.View) ([]byte, error) {
	found, err := v.Select(ctx, pcp.Timestamp{}, pcp.Timestamp{})
	if err != nil {
		return nil, err
	}
	seen := map[*catalogue.Metric]bool{}
	byName := map[[2]string]*catalogue.Metric{}
	for m := range found.Descriptions() {
		if m.Sample != "" && !seen[m] {
			seen[m] = true
			byName[[2]string{m.Desc.Name(), m.Sample}] = m
		}
	}
	all := make([]Metric, 0, len(byName))
	for key, m := range byName {
		one := Metric{
			Name: key[0], PromQL: key[1], Type: m.Family.Type, Semantics: m.Desc.Sem.String(), Units: m.Desc.Units.String(),
			Native: m.Native, OneLine: m.OneLine, Help: m.Help,
		}
		if m.Desc.InDom != pcp.InDomNull {
			one.InDom = m.Desc.InDom.String()
		}
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b Metric) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.PromQL, b.PromQL))
	})
	return safetext.Marshal(struct {
		Metrics []Metric `json:"metrics"`
	}{all}, "")
}
