package converttest

import (
	"fmt"

	"github.com/pcparchive/pcparchive/convert/prom"
)

// Exemplified keeps a line for each number and each exemplar.
type Exemplified struct{ Seen }

// Exemplar adds an exemplar.
func (x *Exemplified) Exemplar(s *prom.Series, t int64, e prom.Exemplar) error {
	x.Lines = append(x.Lines, fmt.Sprintf("%d %s %v # %v", t, s.Name, s.Labels, e))
	return nil
}

// Exemplar returns an exemplar with the label trace.
func Exemplar(trace string, v float64) prom.Exemplar {
	return prom.Exemplar{Labels: []prom.Label{{Name: "trace", Value: trace}}, Value: v}
}
