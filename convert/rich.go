package convert

// HistogramSamples is a [Samples] that takes native histograms, too.
type HistogramSamples interface {
	Samples
	// Histogram adds a native histogram, in the form of convert/nativehist. data
	// is borrowed for the call. Like all series it ends with a StaleNaN sample.
	Histogram(s *PromSeries, t int64, data []byte) error
}

// PutHistogram hands a native histogram to dst or, if dst cannot take one,
// counts it.
func PutHistogram(dst Samples, s *PromSeries, t int64, data []byte, r *Report) error {
	if h, ok := dst.(HistogramSamples); ok {
		return h.Histogram(s, t, data)
	}
	r.Add(LossNativeHist, s.Name)
	return nil
}
