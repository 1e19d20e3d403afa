package query

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

// result returns the series that have samples in the time, sorted by labels.
func (s *selection) result(ctx context.Context) (*seriesSet, error) {
	end := s.to
	if s.lasting {
		// A value that was logged last holds as long as there are records.
		t, err := s.set.End()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err == nil {
			end = min(end, t.Milli())
		}
	}
	set := &seriesSet{at: -1}
	done := map[*packedSeries]bool{nil: true}
	for _, ser := range s.all() {
		if done[ser] {
			continue
		}
		done[ser] = len(s.byLabels) > 0
		ok, err := ser.finish(end)
		if err != nil {
			return nil, err
		}
		if ok {
			set.series = append(set.series, ser)
		}
	}
	slices.SortFunc(set.series, func(a, b storage.Series) int { return labels.Compare(a.Labels(), b.Labels()) })
	for _, p := range s.set.Problems() {
		if s.concerns(p) {
			set.warnings.Add(&DamageWarning{p})
		}
	}
	for _, line := range s.lossMessages() {
		set.warnings.Add(&LossWarning{line})
	}
	return set, nil
}

// all returns the series, nil among them, those of several metrics repeatedly.
func (s *selection) all() []*packedSeries {
	all := s.series
	for _, more := range s.more {
		all = append(all, more...)
	}
	if s.columnar != nil {
		all = slices.AppendSeq(all, maps.Values(s.byLabels))
	}
	return all
}

// lossMessages returns messages about the values that could not be read and were left out.
func (s *selection) lossMessages() []string {
	bad := &prom.Report{}
	for _, l := range s.report.Losses() {
		if !l.Loss.ByNature() {
			bad.AddN(l.Loss, l.Name, l.Count)
		}
	}
	return bad.Summary()
}

// concerns reports whether a problem concerns the archives that were read. A last
// archive that ends inside a record is not a problem, because it is still being written.
func (s *selection) concerns(p store.Problem) bool {
	return (p.Skipped || s.bases[p.Archive]) && (!errors.Is(p.Err, pcp.ErrUnfinished) || !s.set.IsLast(p.Archive))
}
