package pcp

import "strconv"

// Type is the type of a metric's values.
type Type int32

// The value types. TypeUnknown occurs only as the type of a stored value, never
// of a metric.
const (
	TypeNoSupport       Type = -1
	Type32              Type = 0
	TypeU32             Type = 1
	Type64              Type = 2
	TypeU64             Type = 3
	TypeFloat           Type = 4
	TypeDouble          Type = 5
	TypeString          Type = 6
	TypeAggregate       Type = 7
	TypeAggregateStatic Type = 8
	TypeEvent           Type = 9
	TypeHighResEvent    Type = 10
	TypeUnknown         Type = 255
)

var typeNames = [...]string{
	"32", "u32", "64", "u64", "float", "double", "string", "aggregate", "static aggregate", "event", "highres event",
}

// String returns the short name that PCP's tools use: 32, u64, double, string …
func (t Type) String() string {
	switch {
	case t >= 0 && int(t) < len(typeNames):
		return typeNames[t]
	case t == TypeNoSupport:
		return "not supported"
	case t == TypeUnknown:
		return "unknown"
	}
	return "type " + strconv.Itoa(int(t))
}

// IsNumeric reports whether values of t are integers or floats.
func (t Type) IsNumeric() bool { return t >= Type32 && t <= TypeDouble }

// Size returns the number of bytes of a numeric value, 0 for other types.
func (t Type) Size() int {
	switch t {
	case Type32, TypeU32, TypeFloat:
		return 4
	case Type64, TypeU64, TypeDouble:
		return 8
	}
	return 0
}

// Semantics says how successive values of a metric relate.
type Semantics int32

// The semantics, numbered as in PCP, which never used 2.
const (
	SemCounter  Semantics = 1 // monotonically increasing
	SemInstant  Semantics = 3 // a level, continuous in time
	SemDiscrete Semantics = 4 // a level that holds until the next value
)

// String returns counter, instant or discrete.
func (s Semantics) String() string {
	switch s {
	case SemCounter:
		return "counter"
	case SemInstant:
		return "instant"
	case SemDiscrete:
		return "discrete"
	}
	return "semantics " + strconv.Itoa(int(s))
}
