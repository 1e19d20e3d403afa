package scrape

import (
	"strings"

	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/pcparchive/pcparchive/convert/prom"
)

// exemplarsOf copies exemplars, because the scraper reuses their memory.
func exemplarsOf(list []exemplar.Exemplar) []prom.Exemplar {
	if len(list) == 0 {
		return nil
	}
	copied := make([]prom.Exemplar, len(list))
	for i := range list {
		e := prom.Exemplar{Value: list[i].Value, HasTime: list[i].HasTs}
		if e.HasTime {
			e.Time = list[i].Ts
		}
		list[i].Labels.Range(func(l labels.Label) {
			if l.Value != "" {
				e.Labels = append(e.Labels, prom.Label{Name: strings.Clone(l.Name), Value: strings.Clone(l.Value)})
			}
		})
		copied[i] = e
	}
	return copied
}
