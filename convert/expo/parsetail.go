package expo

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strconv"
)

// wideNumber is the shortest length of a number that may not fit a float64.
const wideNumber = 16

// nextWord returns the first word of a line and the text after it.
func nextWord(b []byte) (word, rest []byte) {
	b = b[skipBlanks(b, 0):]
	end := bytes.IndexAny(b, " \t\n")
	if end < 0 {
		return b, nil
	}
	return b[:end], b[end:]
}

// exemplarTooLong reports whether the text after a value has an exemplar of more
// than 1 MiB. Prometheus' label type panics at 16 MiB.
func exemplarTooLong(rest []byte) bool {
	const longest = 1 << 20
	if len(rest) <= longest || bytes.IndexByte(rest[:longest], '\n') >= 0 {
		return false
	}
	return bytes.Contains(rest[:longest], []byte(" # {"))
}

// checkTail rejects text after a value that is neither a time nor an exemplar, in
// OpenMetrics. Prometheus' parser yields such a sample and fails at the next one.
func checkTail(value, rest []byte) error {
	tail, _, _ := bytes.Cut(rest, []byte("\n"))
	stamp, more := nextWord(tail)
	switch {
	case bytes.IndexByte(value, 0) >= 0 || bytes.IndexByte(tail, 0) >= 0:
		return errors.New("a byte 0")
	case len(tail) == 0:
		return nil
	case looksLikeExemplar(tail), looksLikeExemplar(more):
		return fmt.Errorf("%w, got %q", errExemplar, tail)
	case len(stamp) == 0 || len(more) > 0 || len(tail) != 1+len(stamp):
		return fmt.Errorf("one blank separates a value and its time, got %q", tail)
	}
	return nil
}

// looksLikeExemplar reports whether b begins like an exemplar but is malformed.
func looksLikeExemplar(b []byte) bool {
	b = b[skipBlanks(b, 0):]
	return bytes.HasPrefix(b, []byte("#")) && !bytes.HasPrefix(b, []byte("# {"))
}

// errExemplar is the fault of a malformed exemplar.
var errExemplar = errors.New("an exemplar begins with \"# {\"")

// beyondMilli reports whether a time in seconds does not fit an int64 of
// milliseconds. The parser's result for it would depend on the processor.
func beyondMilli(seconds []byte) bool {
	if len(seconds) < wideNumber && !bytes.ContainsAny(seconds, "eE") {
		return false
	}
	f, err := strconv.ParseFloat(string(seconds), 64)
	return err != nil || math.Abs(f)*1000 >= 1<<63
}
