package pmseries

import (
	"cmp"
	"math"

	"github.com/pcparchive/pcparchive/internal/scale"
	"github.com/pcparchive/pcparchive/pcp"
)

// functions has the functions of the language by their names.
var functions = functionTable()

func functionTable() map[string]*function {
	all := map[string]*function{}
	add := func(f function) { all[f.name] = &f }
	for name, reduce := range map[string]func([]float64) float64{"sum": sumOf, "avg": average, "stdev": deviation} {
		if name != "stdev" {
			add(function{name: name, apply: overTime(reduce)})
		}
		add(function{name: name + "_inst", apply: overTime(reduce)})
		add(function{name: name + "_sample", apply: overInstances(reduce)})
	}
	for name, pick := range map[string]choice{"max": highest(1), "min": lowest} {
		add(function{name: name, apply: pickOverTime(pick)})
		add(function{name: name + "_inst", apply: pickOverTime(pick)})
		add(function{name: name + "_sample", apply: pickOverInstances(pick)})
	}
	const mostRanks = 1_000_000
	add(function{name: "topk_inst", argument: wholeNumber(1, mostRanks), apply: topkOverTime})
	add(function{name: "topk_sample", argument: wholeNumber(1, mostRanks), apply: func(n *node, v *vector) error {
		return pickOverInstances(highest(int(*n.number)))(n, v)
	}})
	add(function{name: "nth_percentile_inst", argument: wholeNumber(0, 100), apply: func(n *node, v *vector) error {
		return pickOverTime(percentile(*n.number))(n, v)
	}})
	add(function{name: "nth_percentile_sample", argument: wholeNumber(0, 100), apply: func(n *node, v *vector) error {
		return pickOverInstances(percentile(*n.number))(n, v)
	}})
	add(function{name: "rate", apply: rate})
	add(function{name: "instant", apply: func(_ *node, v *vector) error { v.sem = pcp.SemInstant; return nil }})
	add(function{name: "rescale", argument: unitsOf, apply: rescale})
	add(function{name: "abs", apply: each(absolute)})
	add(function{name: "floor", apply: each(rounded(math.Floor))})
	add(function{name: "round", apply: each(rounded(math.Round))})
	add(function{name: "sqrt", apply: each(func(_ *node, x number) number { return doubleOf(math.Sqrt(x.float())) })})
	add(function{name: "log", argument: baseOf, optional: true, apply: each(logarithm)})
	return all
}

// unitsOf parses the units of rescale.
func unitsOf(n *node, t token) error {
	if t.kind != stringToken {
		return scale.ErrUnits
	}
	var err error
	n.units, err = scale.Parse(t.text)
	return err
}

// wantNumbers returns an error for a vector of texts.
func wantNumbers(n *node, v *vector) error {
	if !v.numeric() {
		return refuse("%s(%s): values of type %s are not numbers", n.call.name, v.metric.Name, v.typ)
	}
	return nil
}

// each applies a function to each value.
func each(f func(*node, number) number) func(*node, *vector) error {
	return func(n *node, v *vector) error {
		if err := wantNumbers(n, v); err != nil {
			return err
		}
		if n.call.name == "sqrt" || n.call.name == "log" {
			v.promote()
		}
		for _, s := range v.samples {
			for i := range s.values {
				s.values[i].number = f(n, s.values[i].number)
			}
		}
		return nil
	}
}

func absolute(_ *node, x number) number {
	switch {
	case x.form == signed && int64(x.bits) < 0:
		x.bits = -x.bits
		x.form = unsigned // the smallest integer has no signed opposite
	case x.form == single || x.form == double:
		x.bits = math.Float64bits(math.Abs(x.float()))
	}
	return x
}

// rounded returns a function that rounds numbers that are not integers.
func rounded(round func(float64) float64) func(*node, number) number {
	return func(_ *node, x number) number {
		if x.form == single || x.form == double {
			x.bits = math.Float64bits(round(x.float()))
		}
		return x
	}
}

func logarithm(n *node, x number) number {
	y := math.Log(x.float())
	if n.number != nil {
		y /= math.Log(*n.number)
	}
	return doubleOf(y)
}

// rescale converts values to other units.
func rescale(n *node, v *vector) error {
	if err := wantNumbers(n, v); err != nil {
		return err
	}
	if !scale.SameDimension(v.units, n.units) {
		return refuse("rescale(%s): units %q do not have the dimension of %q", v.metric.Name, unitsName(v.units), n.arg)
	}
	if v.sem == pcp.SemCounter {
		return refuse("rescale(%s): counters cannot be rescaled; use rescale(rate(…), …)", v.metric.Name)
	}
	v.convert(n.units)
	v.promote()
	return nil
}

// rate replaces a counter by its rate per second. A rate has the time of the later of its two
// values. There is none across a mark, and none where the counter decreases.
func rate(n *node, v *vector) error {
	if v.sem != pcp.SemCounter {
		return refuse("Can't rate convert '%s', counter semantics required", canonical(n.left, v.metric.Name))
	}
	if err := wantNumbers(n, v); err != nil {
		return err
	}
	var out []sample
	for i := 1; i < len(v.samples); i++ {
		before, after := &v.samples[i-1], &v.samples[i]
		if v.backward {
			before, after = after, before
		}
		seconds := after.stamp.Sub(before.stamp).Seconds()
		if before.epoch != after.epoch || seconds <= 0 {
			continue
		}
		s := sample{stamp: after.stamp, epoch: after.epoch}
		for at, x := range after.values {
			former, ok := before.find(x.Instance, at)
			if delta := difference(x.number, former.number); ok && delta >= 0 {
				s.values = append(s.values, Value{after.stamp, x.Instance, doubleOf(delta / seconds)})
			}
		}
		if len(s.values) > 0 {
			out = append(out, s)
		}
	}
	v.samples = out
	v.units.DimTime--
	v.units.ScaleTime = pcp.TimeSec
	v.sem, v.typ = pcp.SemInstant, pcp.TypeDouble
	return nil
}

// column is the values of an instance over time.
type column struct {
	instance *Instance
	values   []Value
}

// columns returns the values by instance, in the order in which instances occur.
func (v *vector) columns() []*column {
	var all []*column
	byID := map[ID]*column{}
	for _, s := range v.samples {
		for i, x := range s.values {
			var c *column
			if i < len(all) && sameInstance(all[i].instance, x.Instance) {
				c = all[i]
			} else if id := x.Instance.identity(); byID[id] != nil {
				c = byID[id]
			} else {
				c = &column{instance: x.Instance}
				byID[id] = c
				all = append(all, c)
			}
			c.values = append(c.values, x)
		}
	}
	return all
}

// identity returns the ID of an instance, the zero ID for none.
func (i *Instance) identity() ID {
	if i == nil {
		return ID{}
	}
	return i.ID
}

// unitsName returns the name of units, none if they have no dimension.
func unitsName(u pcp.Units) string { return cmp.Or(u.String(), "none") }
