package flatten

import (
	"iter"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/meta"
)

// Origin is the metric of an archive that a series comes from.
type Origin struct {
	Series *prom.Series
	Desc   *meta.Desc // the first metric with the series
	Mixed  bool       // the series came from several metrics
	Live   bool       // the series has not ended
}

// Origins yields the series that a Flattener and its forks made so far, in any order.
func (f *Flattener) Origins() iter.Seq[Origin] {
	return func(yield func(Origin) bool) {
		for _, s := range f.series {
			if !yield(Origin{&s.Series, s.desc, s.mixed, s.live > 0}) {
				return
			}
		}
	}
}
