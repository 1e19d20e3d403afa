package metricset

import (
	"github.com/pcparchive/pcparchive/internal/scale"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// unit returns the unit of the values, as pmrep chooses it: that of the metric, that of
// the option for its dimension, or its own. pmrep does not cancel the time out of the rate
// of a counter of time.
func (x *selector) unit(m Metric, d *meta.Desc) string {
	if !d.Type.IsNumeric() {
		return ""
	}
	option := ""
	switch u := d.Units; {
	case u.DimCount == 1 && u.DimSpace == 0 && u.DimTime == 0:
		option = "count_scale"
	case u.DimSpace == 1 && u.DimCount == 0 && u.DimTime == 0:
		option = "space_scale"
	case u.DimTime == 1 && u.DimCount == 0 && u.DimSpace == 0:
		option = "time_scale"
	}
	switch {
	case option != "" && x.options.Has(option+"_force"):
		return x.options.Text(option + "_force")
	case m.Unit != "":
		return m.Unit
	case option != "" && x.options.Has(option):
		return x.options.Text(option)
	}
	if text := d.Units.String(); d.Sem == pcp.SemCounter && d.Units.DimTime == 1 {
		if _, err := scale.Parse(text); err == nil {
			return text
		}
	}
	return ""
}

// limit returns the limit of a metric.
func (x *selector) limit(m Metric) (float64, error) {
	n := m.Limit
	for _, option := range []string{"limit_filter", "limit_filter_force"} {
		value, ok, err := x.options.Int(option)
		if err != nil {
			return 0, err
		}
		if ok && value != 0 && (m.Limit == 0 || option == "limit_filter_force") {
			n = value
		}
	}
	return float64(n), nil
}

// Precision returns the digits after the decimal point of a metric.
func (s *Set) Precision(m Metric) (int, error) { return s.choose("precision", m.Precision, 3) }

// Width returns the least width of the column of a metric.
func (s *Set) Width(m Metric) (int, error) { return s.choose("width", m.Width, 0) }

// choose returns the number of a metric, or else that of an option, or else a default. The
// option with _force at the end of its name comes first.
func (s *Set) choose(option string, own, otherwise int) (int, error) {
	forced, ok, err := s.Options.Int(option + "_force")
	if ok || err != nil {
		return max(forced, 0), err
	}
	if own >= 0 {
		return own, nil
	}
	n, ok, err := s.Options.Int(option)
	if ok || err != nil {
		return max(n, 0), err
	}
	return otherwise, nil
}
