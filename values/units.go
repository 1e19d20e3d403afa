package values

import (
	"fmt"
	"strings"

	"github.com/pcparchive/pcparchive/internal/scale"
	"github.com/pcparchive/pcparchive/interp"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// UnitsError reports units into which the values of a metric cannot be converted.
type UnitsError struct {
	Metric string
	Have   pcp.Units // those of the metric
	Unit   string    // the wanted unit
	Err    error     // nil if the dimensions differ
}

// Error names the metric and both units.
func (e *UnitsError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("metric %s: %s", e.Metric, e.Err)
	}
	have := e.Have.String()
	if have == "" {
		have = "none"
	}
	return fmt.Sprintf("metric %s: its unit %s cannot be converted to %s", e.Metric, have, e.Unit)
}

// Unwrap returns the reason why the wanted unit is none.
func (e *UnitsError) Unwrap() error { return e.Err }

// want is what a Spec wants of a metric.
type want struct {
	rate      bool
	unit      pcp.Units // of the values or, for a rate, of their increase
	per       pcp.Units // the time of a rate
	converted bool      // to unit; otherwise the metric keeps its units
}

// wantOf returns what the first Spec that selects a metric wants of it. As in pmrep, a unit
// with one dimension of time less than that of the metric makes a rate, and so does a
// counter.
func (o *Options) wantOf(d *meta.Desc) (w want, err error) {
	w.per = pcp.Units{DimTime: 1, ScaleTime: pcp.TimeSec}
	w.rate = o.Rates && d.Sem == pcp.SemCounter
	for i := range o.Specs {
		s := &o.Specs[i]
		if !d.Matches(s.Name) {
			continue
		}
		w.rate = w.rate && !s.Raw
		if s.Unit != "" && d.Type.IsNumeric() {
			return w, w.take(d, s.Unit)
		}
		break
	}
	return w, nil
}

// Fits reports why the values of a metric with numbers cannot have the unit of s.
func (s *Spec) Fits(d *meta.Desc) error { return (&want{}).take(d, s.Unit) }

// take takes the unit of a Spec.
func (w *want) take(d *meta.Desc, text string) (err error) {
	refuse := func(err error) error {
		name := d.PMID.String()
		if len(d.Names) > 0 {
			name = d.Names[0]
		}
		return &UnitsError{Metric: name, Have: d.Units, Unit: text, Err: err}
	}
	w.converted = true
	if amount, time, ok := strings.Cut(text, "/"); ok {
		whole, failed := scale.Parse(text)
		if failed == nil && scale.SameDimension(d.Units, whole) {
			w.rate, w.unit = false, whole
			return nil
		}
		var wrong error
		if w.per, wrong = scale.Parse(time); wrong != nil || w.per.DimTime != 1 || w.per.DimSpace != 0 || w.per.DimCount != 0 {
			return refuse(failed)
		}
		w.rate, text = true, amount
	}
	if w.unit, err = scale.Parse(text); err != nil {
		return refuse(err)
	}
	if !scale.SameDimension(d.Units, w.unit) {
		return refuse(nil)
	}
	return nil
}

// units sets the units of a metric. counted are those of the values whose rate it is.
func (known *picked) convert(w want, counted pcp.Units) {
	if !w.rate {
		known.factor, known.units = scale.Factor(counted, w.unit), w.unit
		return
	}
	_, perSecond := interp.RateUnits(counted)
	second := pcp.Units{DimTime: 1, ScaleTime: pcp.TimeSec}
	known.factor = perSecond * scale.Factor(counted, w.unit) * scale.Factor(w.per, second)
	known.units = w.unit
	known.units.DimTime--
	if w.unit.DimTime == 0 {
		known.units.ScaleTime = w.per.ScaleTime
		return
	}
	known.unitText = w.unit.String() + " / " + w.per.String()
	if known.units.DimTime == 0 {
		known.units.ScaleTime = 0
	}
}
