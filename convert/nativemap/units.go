package nativemap

import (
	"fmt"
	"strings"

	"github.com/pcparchive/pcparchive/pcp"
)

// unitWords are the words of units as PCP's tools write them, by dimension, in
// order of scale.
var (
	spaceWords = []string{"byte", "Kbyte", "Mbyte", "Gbyte", "Tbyte", "Pbyte", "Ebyte"}
	timeWords  = []string{"nanosec", "microsec", "millisec", "sec", "min", "hour"}
)

// parseUnits reads units such as "Kbyte", "/ microsec" and "none".
func parseUnits(s string) (pcp.Units, error) {
	var u pcp.Units
	if s == "none" {
		return u, nil
	}
	dim := int8(1)
	for word := range strings.FieldsSeq(s) {
		switch {
		case word == "/":
			dim = -1
		case word == "count":
			u.DimCount = dim
		case scaled(word, spaceWords, &u.ScaleSpace):
			u.DimSpace = dim
		case scaled(word, timeWords, &u.ScaleTime):
			u.DimTime = dim
		default:
			return u, fmt.Errorf("units %q: %q is not a unit", s, word)
		}
	}
	return u, nil
}

// scaled finds the scale that a word stands for.
func scaled(word string, words []string, scale *uint8) bool {
	for i, w := range words {
		if w == word {
			*scale = uint8(i)
			return true
		}
	}
	return false
}
