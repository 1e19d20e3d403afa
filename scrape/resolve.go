package scrape

import (
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"

	"github.com/pcparchive/pcparchive/convert/prom"
)

// known returns the series of a reference. It returns false if there is no reference or
// the series was forgotten. Most samples come with the reference that Append returned for
// the same series before.
func (src *source) known(ref storage.SeriesRef) (pageSeries, bool) {
	if ref == 0 {
		return nil, false
	}
	src.mu.Lock()
	ser := src.refs.series(ref)
	src.mu.Unlock()
	return ser, ser != nil && !ser.Forgotten()
}

// resolve returns the series of a sample and a new reference. The reference is 0 if the
// sample cannot be recorded.
func (src *source) resolve(ls labels.Labels, f prom.Family, histogram bool) (pageSeries, storage.SeriesRef) {
	name, own := src.own(ls)
	ser, err := src.rec.resolve(src, name, own, f, histogram)
	if err != nil {
		return nil, 0
	}
	src.mu.Lock()
	defer src.mu.Unlock()
	return ser, src.refs.add(ser)
}

// own splits a sample's labels into its name and its own labels. It leaves out the labels
// that the sample shares with its target. One that relabelling or the page took from the
// sample is there without a value.
func (src *source) own(ls labels.Labels) (name string, own []prom.Label) {
	ls.Range(func(l labels.Label) {
		switch {
		case l.Name == model.MetricNameLabel:
			name = l.Value
		case l.Value != src.labels.Get(l.Name):
			own = append(own, prom.Label{Name: strings.Clone(l.Name), Value: strings.Clone(l.Value)})
		}
	})
	all := len(own)
	src.labels.Range(func(l labels.Label) {
		if !ls.Has(l.Name) {
			own = append(own, prom.Label{Name: l.Name})
		}
	})
	if len(own) > all {
		slices.SortFunc(own, func(a, b prom.Label) int { return strings.Compare(a.Name, b.Name) })
	}
	return name, own
}

// resolve returns the series of the native metrics, or else that of the mapper.
func (r *Recorder) resolve(src *source, name string, own []prom.Label, f prom.Family, histogram bool) (pageSeries, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.natives != nil && !histogram {
		if native := src.native(name, own, f); native != nil {
			return nativeSeries{native}, nil
		}
	}
	resolve := src.mapped.Series
	if histogram {
		resolve = src.mapped.HistogramSeries
	}
	ser, err := resolve(name, own, f)
	if err != nil && !src.refused {
		src.refused = true
		r.log.Warn("some series cannot be recorded", "source", src.name, "err", err)
	}
	return mappedSeries{ser}, err
}

// describe records a help text that has changed.
func (r *Recorder) describe(src *source, ser pageSeries, help string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	ser.describe(src, help)
}
