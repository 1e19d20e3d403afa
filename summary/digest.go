package summary

import (
	"math"
	"slices"
)

// digest holds a distribution of values: exactly while they are few, then as a merging
// t-digest. Its centroids are small at both ends of the distribution and larger in the
// middle. See Dunning and Ertl, Computing extremely accurate quantiles using t-digests.
type digest struct {
	buf       []float64  // values that are not merged yet
	centroids []centroid // ascending by mean
	n         float64    // number of values in centroids
	min, max  float64    // least and greatest value in centroids
}

// centroid stands for weight values with the given mean.
type centroid struct{ mean, weight float64 }

const (
	// digestBuffer is the number of values that are kept exactly, then merged at once.
	digestBuffer = 256
	// digestSize is about the largest number of centroids.
	digestSize = 100
)

// add adds a value. scratch is working memory; add returns it for the next call.
func (d *digest) add(f float64, scratch []centroid) []centroid {
	if len(d.buf) == digestBuffer {
		scratch = d.merge(scratch)
	}
	d.buf = append(d.buf, f)
	return scratch
}

// merge moves the buffered values into the centroids.
func (d *digest) merge(scratch []centroid) []centroid {
	slices.Sort(d.buf)
	if d.n == 0 {
		d.min, d.max = d.buf[0], d.buf[len(d.buf)-1]
	}
	d.min, d.max = min(d.min, d.buf[0]), max(d.max, d.buf[len(d.buf)-1])
	all, at := scratch[:0], 0
	for _, f := range d.buf {
		for at < len(d.centroids) && d.centroids[at].mean < f {
			all = append(all, d.centroids[at])
			at++
		}
		all = append(all, centroid{f, 1})
	}
	all = append(all, d.centroids[at:]...)
	d.n += float64(len(d.buf))
	d.buf = d.buf[:0]
	d.compress(all)
	return all
}

// compress joins neighbouring centroids up to the size that their position in the
// distribution allows.
func (d *digest) compress(all []centroid) {
	d.centroids = d.centroids[:0]
	cur, before := all[0], 0.0
	limit := d.n * nextLimit(0)
	for _, c := range all[1:] {
		if before+cur.weight+c.weight <= limit {
			cur.weight += c.weight
			cur.mean += (c.mean - cur.mean) * c.weight / cur.weight
			continue
		}
		d.centroids = append(d.centroids, cur)
		before += cur.weight
		limit = d.n * nextLimit(before/d.n)
		cur = c
	}
	d.centroids = append(d.centroids, cur)
}

// nextLimit returns the end, as a share of the distribution, of a centroid that begins at q:
// one unit of the scale function asin.
func nextLimit(q float64) float64 {
	const unit = 2 * math.Pi / digestSize
	a := math.Asin(2*q-1) + unit
	if a >= math.Pi/2 {
		return 1
	}
	return (math.Sin(a) + 1) / 2
}

// quantile returns the value at q, from 0 to 1. It returns NaN if there is no value.
func (d *digest) quantile(q float64, p *pass) float64 {
	if d.n == 0 {
		return exactQuantile(d.buf, q)
	}
	if len(d.buf) > 0 {
		p.scratch = d.merge(p.scratch)
	}
	// A centroid's mean is in the middle of its values. The minimum precedes the first
	// centroid, and the maximum follows the last.
	rank := q * (d.n - 1)
	lowRank, low, before := 0.0, d.min, 0.0
	for _, c := range d.centroids {
		middle := before + (c.weight-1)/2
		if rank < middle {
			return between(low, c.mean, lowRank, middle, rank)
		}
		lowRank, low = middle, c.mean
		before += c.weight
	}
	return between(low, d.max, lowRank, d.n-1, rank)
}

// between interpolates the value at rank between two values and their ranks.
func between(low, high, lowRank, highRank, rank float64) float64 {
	if highRank <= lowRank || low == high {
		return low
	}
	return low + (high-low)*(rank-lowRank)/(highRank-lowRank)
}

// exactQuantile returns the value at q. It sorts values in place.
func exactQuantile(values []float64, q float64) float64 {
	if len(values) == 0 {
		return nan
	}
	slices.Sort(values)
	rank := q * float64(len(values)-1)
	i := int(rank)
	if i+1 >= len(values) {
		return values[len(values)-1]
	}
	return between(values[i], values[i+1], float64(i), float64(i+1), rank)
}
