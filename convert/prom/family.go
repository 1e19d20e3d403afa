package prom

// Family is a Prometheus metric family: what HELP, TYPE and UNIT lines say.
type Family struct {
	Name string
	Type string // one of the Type constants; "" if nobody knows it
	Help string
	Unit string // as declared, such as seconds; "" if not declared
}

// The types of families, spelled as in OpenMetrics.
const (
	TypeCounter        = "counter"
	TypeGauge          = "gauge"
	TypeHistogram      = "histogram"
	TypeGaugeHistogram = "gaugehistogram"
	TypeSummary        = "summary"
	TypeInfo           = "info"
	TypeStateset       = "stateset"
	TypeUnknown        = "unknown"
)
