package write

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"path/filepath"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/tsdb/index"

	"github.com/pcparchive/pcparchive/convert/tsdb/block"
)

// overlap says what two blocks have in common.
type overlap struct {
	common int    // number of series that both have
	first  string // the first of these series
	// ours is true if our block has all of the other one: every series, with at least as
	// many samples over at least the same time. theirs is true if the other block has all
	// of ours.
	ours, theirs bool
}

// compareBlocks compares the series of two blocks. counted is true if this package wrote
// both: equal numbers of samples mean equal samples then. Without it, neither block can
// have all of the other. The error of ended ends the comparison.
func compareBlocks(dir, other string, counted bool, ended func() error) (r overlap, err error) {
	next, stop := iter.Pull2(blockSeries(dir, counted, ended))
	defer stop()
	theirs, stopTheirs := iter.Pull2(blockSeries(other, counted, ended))
	defer stopTheirs()
	r.ours, r.theirs = counted, counted
	a, err, moreA := next()
	b, errB, moreB := theirs()
	for (moreA || moreB) && err == nil && errB == nil {
		order := 0
		switch {
		case !moreA:
			order = 1
		case !moreB:
			order = -1
		default:
			order = labels.Compare(a.lset, b.lset)
		}
		if order == 0 {
			if r.common++; r.common == 1 {
				r.first = a.lset.String()
			}
			r.ours, r.theirs = r.ours && a.holds(b), r.theirs && b.holds(a)
		}
		r.theirs = r.theirs && order >= 0 // the other block lacks a
		r.ours = r.ours && order <= 0
		if order <= 0 {
			a, err, moreA = next()
		}
		if order >= 0 {
			b, errB, moreB = theirs()
		}
	}
	return r, errors.Join(err, errB)
}

// seriesExtent is a series of a block with the time and the number of its samples.
type seriesExtent struct {
	lset       labels.Labels
	mint, maxt int64
	samples    int
}

// holds reports whether s has at least as many samples as other, over at least its time.
func (s seriesExtent) holds(other seriesExtent) bool {
	return s.samples >= other.samples && s.mint <= other.mint && s.maxt >= other.maxt
}

// blockSeries yields the series of a block, ordered by their labels. An error ends the
// iteration, as does the error of ended.
func blockSeries(dir string, counted bool, ended func() error) iter.Seq2[seriesExtent, error] {
	return func(yield func(seriesExtent, error) bool) {
		err := block.Guard(func() error {
			return eachSeries(dir, counted, ended, func(s seriesExtent) bool { return yield(s, nil) })
		})
		if err != nil {
			yield(seriesExtent{}, fmt.Errorf("block %s: %w", dir, err))
		}
	}
}

// eachSeries calls yield for each series of a block until yield returns false. It counts
// samples if counted is true. The error of ended is the result then.
func eachSeries(dir string, counted bool, ended func() error, yield func(seriesExtent) bool) (err error) {
	r, err := index.NewFileReader(filepath.Join(dir, "index"), index.DecodePostingsRaw)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	var data *chunks.Reader
	if counted {
		if data, err = chunks.NewDirReader(filepath.Join(dir, "chunks"), nil); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, data.Close()) }()
	}
	name, value := index.AllPostingsKey()
	postings, err := r.Postings(context.Background(), name, value)
	if err != nil {
		return err
	}
	var builder labels.ScratchBuilder
	var metas []chunks.Meta
	for n := 0; postings.Next(); n++ {
		if n%checkEvery == 0 && ended() != nil {
			return ended()
		}
		if err := r.Series(postings.At(), &builder, &metas); err != nil {
			return err
		}
		s := seriesExtent{lset: builder.Labels()}
		if len(metas) > 0 {
			s.mint, s.maxt = metas[0].MinTime, metas[len(metas)-1].MaxTime
		}
		for i := 0; counted && i < len(metas); i++ {
			c, _, err := data.ChunkOrIterable(metas[i])
			if err != nil {
				return err
			}
			s.samples += c.NumSamples()
		}
		if !yield(s) {
			return nil
		}
	}
	return postings.Err()
}
