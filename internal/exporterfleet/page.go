package exporterfleet

import (
	"strconv"
	"sync"
)

// MetricPrefix begins the names of all metrics of a page.
const MetricPrefix = "fleet_value_"

var buffers = sync.Pool{New: func() any { return new([]byte) }}

// page appends the page of a target.
func (f *Fleet) page(b []byte, target int, scrape int64) []byte {
	o := &f.opts
	value := strconv.FormatInt(scrape, 10)
	for m := range o.Metrics {
		name := MetricPrefix + strconv.Itoa(m)
		b = append(b, "# HELP "+name+" The number of the scrape.\n# TYPE "+name+" gauge\n"...)
		for i := m; i < o.Series; i += o.Metrics {
			b = append(b, name...)
			b = append(b, `{series="`...)
			if o.Own {
				b = append(strconv.AppendInt(b, int64(target), 10), '-')
			}
			b = strconv.AppendInt(b, int64(i), 10)
			if o.Churn > 0 { // generation: slots are replaced in turn
				b = strconv.AppendInt(append(b, '-'), (scrape*int64(o.Churn)+int64(o.Series-1-i))/int64(o.Series), 10)
			}
			b = append(b, `"} `...)
			b = append(append(b, value...), '\n')
		}
	}
	return b
}
