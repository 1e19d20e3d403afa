package pmseries

import (
	"cmp"
	"math"
	"slices"

	"github.com/pcparchive/pcparchive/pcp"
)

// choice selects values.
type choice func([]Value) []Value

// highest returns the k highest values, the highest first.
func highest(k int) choice {
	return func(all []Value) []Value {
		if k == 1 {
			return []Value{extreme(all, 1)}
		}
		sorted := slices.Clone(all)
		slices.SortStableFunc(sorted, func(a, b Value) int { return compare(b, a) })
		return sorted[:min(k, len(sorted))]
	}
}

// lowest returns the lowest value.
func lowest(all []Value) []Value { return []Value{extreme(all, -1)} }

// extreme returns the first of the highest values for sign 1, of the lowest for -1.
func extreme(all []Value, sign int) Value {
	best := all[0]
	for _, x := range all[1:] {
		if compare(x, best)*sign > 0 {
			best = x
		}
	}
	return best
}

// compare compares values. NaN is neither high nor low: it counts as the lowest.
func compare(a, b Value) int {
	if a.number.form == b.number.form {
		switch a.number.form {
		case signed:
			return cmp.Compare(int64(a.number.bits), int64(b.number.bits))
		case unsigned:
			return cmp.Compare(a.number.bits, b.number.bits)
		}
	}
	return cmp.Compare(a.number.float(), b.number.float())
}

// percentile returns the value at a percentile: the one with that share of the others below.
func percentile(p float64) choice {
	return func(all []Value) []Value {
		sorted := slices.Clone(all)
		slices.SortStableFunc(sorted, compare)
		rank := min(int(p/100*float64(len(sorted))), len(sorted)-1)
		return sorted[rank : rank+1]
	}
}

// pickOverTime selects among the values of each instance.
func pickOverTime(pick choice) func(*node, *vector) error {
	return func(n *node, v *vector) error {
		if err := wantNumbers(n, v); err != nil || len(v.samples) == 0 {
			return err
		}
		out := sample{stamp: v.samples[0].stamp, epoch: v.samples[0].epoch}
		for _, c := range v.columns() {
			out.values = append(out.values, pick(c.values)...)
		}
		v.samples = []sample{out}
		return nil
	}
}

// topkOverTime selects the k highest values of each instance.
func topkOverTime(n *node, v *vector) error {
	return pickOverTime(highest(int(*n.number)))(n, v)
}

// pickOverInstances selects among the values of each time.
func pickOverInstances(pick choice) func(*node, *vector) error {
	return func(n *node, v *vector) error {
		if err := wantNumbers(n, v); err != nil {
			return err
		}
		for i := range v.samples {
			if s := &v.samples[i]; len(s.values) > 0 {
				s.values = pick(s.values)
			}
		}
		return nil
	}
}

// overTime reduces the values of each instance to one number, with the time of the first
// sample.
func overTime(reduce func([]float64) float64) func(*node, *vector) error {
	return func(n *node, v *vector) error {
		if err := wantNumbers(n, v); err != nil {
			return err
		}
		v.reduced(n)
		if len(v.samples) == 0 {
			return nil
		}
		out := sample{stamp: v.samples[0].stamp, epoch: v.samples[0].epoch}
		for _, c := range v.columns() {
			out.values = append(out.values, Value{c.values[0].Stamp, c.instance, doubleOf(reduce(floats(c.values)))})
		}
		v.samples = []sample{out}
		return nil
	}
}

// overInstances reduces the values of each time to one number.
func overInstances(reduce func([]float64) float64) func(*node, *vector) error {
	return func(n *node, v *vector) error {
		if err := wantNumbers(n, v); err != nil {
			return err
		}
		v.reduced(n)
		v.joined, v.indom = true, pcp.InDomNull
		for i := range v.samples {
			if s := &v.samples[i]; len(s.values) > 0 {
				s.values = []Value{{s.stamp, nil, doubleOf(reduce(floats(s.values)))}}
			}
		}
		return nil
	}
}

// reduced sets the type and the semantics of a sum or an average.
func (v *vector) reduced(n *node) {
	v.typ = pcp.TypeDouble
	if n.call.name[:3] != "sum" {
		v.sem = pcp.SemInstant
	}
}

func floats(all []Value) []float64 {
	fs := make([]float64, len(all))
	for i, x := range all {
		fs[i] = x.number.float()
	}
	return fs
}

func sumOf(all []float64) (total float64) {
	for _, f := range all {
		total += f
	}
	return total
}

func average(all []float64) float64 { return sumOf(all) / float64(len(all)) }

// deviation returns the standard deviation of a whole population.
func deviation(all []float64) float64 {
	mean, squares := average(all), 0.
	for _, f := range all {
		squares += (f - mean) * (f - mean)
	}
	return math.Sqrt(squares / float64(len(all)))
}
