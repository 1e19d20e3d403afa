package values

import (
	"fmt"
	"math"
	"strconv"

	"github.com/dustin/go-humanize/english"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

// Metric returns the name of the metric, or its PMID if it has none.
func (c *Column) Metric() string {
	if m := c.Series.Metric; m.Name != "" {
		return m.Name
	}
	return c.Series.Metric.Desc.PMID.String()
}

// Header returns the metric and, if there is one, the instance in brackets.
func (c *Column) Header() string {
	if c.Series.Inst.ID == pcp.InstNull && c.Target == "" {
		return c.Metric()
	}
	return fmt.Sprintf("%s[%s]", c.Metric(), c.Instance())
}

// Instance returns the name of the instance, "" for a singular metric, or its number if it
// has no name. The name of the exporter follows where that tells columns apart.
func (c *Column) Instance() string {
	return WithTarget(c.instance(), c.Target)
}

// WithTarget appends the name of an exporter to that of an instance. Either may be "".
func WithTarget(instance, target string) string {
	switch {
	case target == "":
		return instance
	case instance == "":
		return "@" + target
	}
	return instance + " @" + target
}

// instance returns the name of the instance.
func (c *Column) instance() string {
	switch in := c.Series.Inst; {
	case in.ID == pcp.InstNull:
		return ""
	case in.Name == "":
		return fmt.Sprintf("#%d", in.ID)
	default:
		return in.Name
	}
}

// Key identifies a column over time.
type Key struct {
	metric history.MetricID
	name   string
}

// Key identifies the column over time: a change of labels or help makes a new Column with
// the same Key.
func (c *Column) Key() Key { return Key{c.Series.Metric.ID(), c.Header()} }

// Number returns the value in the units of its Column. ok is false if it is no number.
func (c Cell) Number() (v float64, ok bool) {
	v, ok = c.Value.Number(c.Column.Series.Metric.Desc.Type)
	if c.Column.factor != 1 {
		v *= c.Column.factor
	}
	return v, ok
}

// Fixed is Text with all digits after the point for numbers that are not recorded
// integers, even if they are whole.
func (c Cell) Fixed(digits int) string {
	switch t := c.Column.Series.Metric.Desc.Type; {
	case !t.IsNumeric() || digits < 0:
	case c.Column.factor == 1 && t != pcp.TypeFloat && t != pcp.TypeDouble:
	default:
		if v, ok := c.Number(); ok {
			return strconv.FormatFloat(v, 'f', digits, 64)
		}
	}
	return c.Text(digits)
}

// Text returns the value as text: integers with all digits, other numbers with the given
// number of digits after the point, or as many as needed if that is negative. Events are
// given by their number.
func (c Cell) Text(digits int) string {
	t := c.Column.Series.Metric.Desc.Type
	switch t {
	case pcp.TypeString:
		return c.Value.Text()
	case pcp.TypeEvent, pcp.TypeHighResEvent:
		events, err := c.Value.Events()
		if err != nil {
			return "damaged events"
		}
		return english.Plural(len(events), "event", "")
	}
	if c.Column.factor == 1 {
		switch t {
		case pcp.Type64:
			return strconv.FormatInt(int64(c.Value.Bits), 10)
		case pcp.TypeU64:
			return strconv.FormatUint(c.Value.Bits, 10)
		}
	}
	v, ok := c.Number()
	switch {
	case !ok:
		return english.Plural(len(c.Value.Data), "byte", "")
	case v == math.Trunc(v) && math.Abs(v) < 1<<53:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case t == pcp.TypeFloat && c.Column.factor == 1 && digits < 0:
		return strconv.FormatFloat(v, 'f', -1, 32)
	}
	return strconv.FormatFloat(v, 'f', digits, 64)
}
