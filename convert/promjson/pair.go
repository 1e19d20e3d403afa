package promjson

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/pcparchive/pcparchive/convert"
)

// A pair is a sample: [seconds, "value"].

const blanks = " \t\r\n"

var errPair = errors.New(`want [time, "value"]`)

// eachPair calls put with the samples of an array, which is well-formed JSON.
func eachPair(b []byte, put func(t int64, v float64) error) error {
	if b = bytes.Trim(b, blanks); len(b) == 0 || string(b) == "null" {
		return nil
	}
	if b[0] != '[' {
		return errPair
	}
	for b = bytes.TrimLeft(b[1:], blanks); len(b) > 0 && b[0] != ']'; b = bytes.TrimLeft(b, ", \t\r\n") {
		t, v, size, err := parsePair(b)
		if err != nil {
			return err
		}
		if err := put(t, v); err != nil {
			return err
		}
		b = b[size:]
	}
	return nil
}

// parsePair reads a sample and returns its size.
func parsePair(b []byte) (t int64, v float64, size int, err error) {
	inner, _, closed := bytes.Cut(b, []byte("]"))
	inner, opened := bytes.CutPrefix(inner, []byte("["))
	at, value, both := bytes.Cut(inner, []byte(","))
	if !opened || !closed || !both {
		return 0, 0, 0, fmt.Errorf("%w, got %.40q", errPair, b)
	}
	seconds, err := strconv.ParseFloat(string(bytes.Trim(at, blanks)), 64)
	if err != nil || math.Abs(seconds) > math.MaxInt64/1000/2 {
		return 0, 0, 0, fmt.Errorf("time %.40q: want seconds", at)
	}
	value = bytes.Trim(value, blanks)
	text, quoted := bytes.CutPrefix(value, []byte(`"`))
	if text, quoted = bytes.CutSuffix(text, []byte(`"`)); !quoted {
		text = value
	}
	v, err = strconv.ParseFloat(string(text), 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, 0, 0, fmt.Errorf("value %.40q: want a number in quotes", value)
	}
	return int64(math.Round(seconds * 1000)), v, len(inner) + 2, nil
}

func sortLabels(labels []convert.Label) {
	slices.SortFunc(labels, func(a, b convert.Label) int { return strings.Compare(a.Name, b.Name) })
}
