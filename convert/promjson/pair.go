package promjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/pcparchive/pcparchive/convert/prom"
)

// A pair is a sample: [seconds, "value"].

const blanks = " \t\r\n"

var errPair = errors.New(`want [time, "value"]`)

// eachField calls take with the fields of an object, which is well-formed JSON
// from brace to brace.
func eachField(b []byte, take func(key string, value []byte) error) error {
	for at := 1; ; at++ {
		at += len(b[at:]) - len(bytes.TrimLeft(b[at:], blanks))
		if b[at] == '}' {
			return nil
		}
		var key string
		end := at + valueSize(b[at:])
		if err := json.Unmarshal(b[at:end], &key); err != nil {
			return err
		}
		at = end + bytes.IndexByte(b[end:], ':') + 1
		at += len(b[at:]) - len(bytes.TrimLeft(b[at:], blanks))
		end = at + valueSize(b[at:])
		if err := take(key, b[at:end]); err != nil {
			return err
		}
		at = end + bytes.IndexAny(b[end:], ",}")
		if b[at] == '}' {
			return nil
		}
	}
}

// valueSize returns the size of the value that well-formed JSON begins with.
func valueSize(b []byte) int {
	depth := 0
	for at := 0; at < len(b); at++ {
		switch b[at] {
		case '"':
			for at++; b[at] != '"'; at++ {
				if b[at] == '\\' {
					at++
				}
			}
			if depth == 0 {
				return at + 1
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return at + 1
			}
			if depth < 0 {
				return at
			}
		case ',', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return at
			}
		}
	}
	return len(b)
}

// eachPair calls put with each sample of an array, which is well-formed JSON, and
// bad with the fault of each element that is not a sample. It returns put's error.
func eachPair(b []byte, put func(t int64, v float64) error, bad func(error)) error {
	if b = bytes.Trim(b, blanks); len(b) == 0 || string(b) == "null" {
		return nil
	}
	if b[0] != '[' {
		bad(errPair)
		return nil
	}
	for b = bytes.TrimLeft(b[1:], blanks); len(b) > 0 && b[0] != ']'; b = bytes.TrimLeft(b, ", \t\r\n") {
		t, v, size, err := parsePair(b)
		if err != nil {
			bad(err)
			b = b[valueSize(b):]
			continue
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
	t, err = parseTime(at)
	if err != nil {
		return 0, 0, 0, err
	}
	value = bytes.Trim(value, blanks)
	text := value
	if len(text) > 1 && text[0] == '"' && text[len(text)-1] == '"' {
		text = text[1 : len(text)-1]
	}
	v, err = strconv.ParseFloat(string(text), 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, 0, 0, fmt.Errorf("value %.40q: want a number in quotes", value)
	}
	return t, v, len(inner) + 2, nil
}

// parseTime reads seconds as milliseconds.
func parseTime(b []byte) (int64, error) {
	seconds, err := strconv.ParseFloat(string(bytes.Trim(b, blanks)), 64)
	if err != nil || math.Abs(seconds) > math.MaxInt64/1000/2 {
		return 0, fmt.Errorf("time %.40q: want seconds", b)
	}
	return int64(math.Round(seconds * 1000)), nil
}

func sortLabels(labels []prom.Label) {
	slices.SortFunc(labels, func(a, b prom.Label) int { return strings.Compare(a.Name, b.Name) })
}
