package csv

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

// typesByName are the types that a mapping may give.
var typesByName = map[string]pcp.Type{
	"32": pcp.Type32, "u32": pcp.TypeU32, "64": pcp.Type64, "u64": pcp.TypeU64,
	"float": pcp.TypeFloat, "double": pcp.TypeDouble, "string": pcp.TypeString,
}

// maxText limits the length of a text value.
const maxText = 1 << 20

// valueOf parses a cell as a value of a type.
func valueOf(cell string, inst pcp.InstID, t pcp.Type) (history.Value, error) {
	if t == pcp.TypeString {
		if len(cell) > maxText {
			return history.Value{}, fmt.Errorf("a text of %d bytes; at most %d are possible", len(cell), maxText)
		}
		return history.StringValue(inst, cell), nil
	}
	bits, err := bitsOf(strings.TrimSpace(cell), t)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return history.Value{}, fmt.Errorf("%.80q is out of range for the type %s", cell, t)
	case err != nil:
		return history.Value{}, fmt.Errorf("%.80q is not a number of the type %s", cell, t)
	case t == pcp.Type32 || t == pcp.TypeU32:
		return history.WordValue(inst, uint32(bits)), nil
	}
	return history.NumberValue(inst, t, bits), nil
}

// bitsOf parses a number as the bit pattern of a type.
func bitsOf(cell string, t pcp.Type) (uint64, error) {
	switch t {
	case pcp.TypeDouble:
		v, err := strconv.ParseFloat(cell, 64)
		return math.Float64bits(v), err
	case pcp.TypeFloat:
		v, err := strconv.ParseFloat(cell, 32)
		return uint64(math.Float32bits(float32(v))), err
	case pcp.Type32, pcp.Type64:
		v, err := strconv.ParseInt(cell, 10, 8*t.Size())
		return uint64(v), err
	}
	return strconv.ParseUint(cell, 10, 8*t.Size())
}

// maxExact is the number from which on a double does not have all integers.
const maxExact = 1 << 53

// typeOf returns the type for a column without a mapping that begins with a cell: text, a
// double or, if that would round the cell, an integer.
func typeOf(cell string) pcp.Type {
	cell = strings.TrimSpace(cell)
	v, err := strconv.ParseFloat(cell, 64)
	switch {
	case err != nil && !errors.Is(err, strconv.ErrRange):
		return pcp.TypeString
	case math.Abs(v) < maxExact:
		return pcp.TypeDouble
	}
	if _, err := strconv.ParseUint(cell, 10, 64); err == nil {
		return pcp.TypeU64
	}
	if _, err := strconv.ParseInt(cell, 10, 64); err == nil {
		return pcp.Type64
	}
	return pcp.TypeDouble
}

// isMissing reports whether a cell says that there is no value. In a column of text such a
// cell is text.
func isMissing(cell string) bool {
	switch strings.TrimSpace(cell) {
	case "", "-", "NA", "N/A", "n/a", "#N/A", "null", "NULL", "None":
		return true
	}
	return false
}

// ungrouped removes what separates groups of digits where numbers have a decimal comma.
var ungrouped = strings.NewReplacer(".", "", " ", "", "\u00a0", "", "\u202f", "", "'", "")

// decimal returns a cell with a decimal point, if numbers have a comma.
func (r *Reader) decimal(cell string) string {
	if !r.opts.DecimalComma {
		return cell
	}
	whole, fraction, ok := strings.Cut(strings.TrimSpace(cell), ",")
	if whole = ungrouped.Replace(whole); !ok {
		return whole
	}
	return whole + "." + fraction
}
