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

// relation is what two blocks have in common.
type relation struct {
	common int    // series
	first  string // of these
	// Whether a block has every series of the other one, each with at least as
	// many samples over at least the same time.
	ours, theirs bool
}

// relate compares the series of two blocks. Their samples are counted only if
// both were written by us: of others, as many need not be the same.
func relate(dir, other string, counted bool) (r relation, err error) {
	next, stop := iter.Pull2(blockSeries(dir, counted))
	defer stop()
	theirs, stopTheirs := iter.Pull2(blockSeries(other, counted))
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
		r.theirs = r.theirs && order >= 0 // they lack a
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

// heldSeries is a series of a block.
type heldSeries struct {
	lset       labels.Labels
	mint, maxt int64
	samples    int
}

// holds reports whether s has at least as much as another.
func (s heldSeries) holds(other heldSeries) bool {
	return s.samples >= other.samples && s.mint <= other.mint && s.maxt >= other.maxt
}

// blockSeries yields the series of a block by their labels. After an error
// there is no more.
func blockSeries(dir string, counted bool) iter.Seq2[heldSeries, error] {
	return func(yield func(heldSeries, error) bool) {
		err := block.Guard(func() error {
			return eachSeries(dir, counted, func(s heldSeries) bool { return yield(s, nil) })
		})
		if err != nil {
			yield(heldSeries{}, fmt.Errorf("block %s: %w", dir, err))
		}
	}
}

func eachSeries(dir string, counted bool, yield func(heldSeries) bool) (err error) {
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
	for postings.Next() {
		if err := r.Series(postings.At(), &builder, &metas); err != nil {
			return err
		}
		s := heldSeries{lset: builder.Labels()}
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
