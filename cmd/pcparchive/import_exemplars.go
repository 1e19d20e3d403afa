package main

import "github.com/pcparchive/pcparchive/convert"

// Exemplar takes an exemplar in any order of time.
func (im *importing) Exemplar(s *convert.PromSeries, t int64, e convert.Exemplar) error {
	im.meet(s)
	return im.sorter.Exemplar(s, t, e)
}

// Exemplar hands an exemplar to the archive that got its sample.
func (w *sampleArchives) Exemplar(s *convert.PromSeries, t int64, e convert.Exemplar) error {
	if s.ID >= len(w.series) || w.series[s.ID] == nil {
		return nil // left out
	}
	return w.series[s.ID].dst.Exemplar(s, t, e)
}
