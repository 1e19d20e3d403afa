package expo

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strconv"
)

// wideNumber is how long a number is that a float64 may not hold.
const wideNumber = 16

// nextWord returns the first word of a line and what follows it.
func nextWord(b []byte) (word, rest []byte) {
	b = b[skipBlanks(b, 0):]
	end := bytes.IndexAny(b, " \t\n")
	if end < 0 {
		return b, nil
	}
	return b[:end], b[end:]
}

// exemplarTooLong reports whether the exemplar in the tail of a sample is longer
// than its labels may be. Prometheus' labels panic at 16 MiB.
func exemplarTooLong(rest []byte) bool {
	const longest = 1 << 20
	if len(rest) <= longest || bytes.IndexByte(rest[:longest], '\n') >= 0 {
		return false
	}
	return bytes.Contains(rest[:longest], []byte(" # {"))
}

// checkTail refuses what follows a value without an exemplar in OpenMetrics and is
// not a time. Prometheus' parser yields such a sample and fails at the next one.
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

// looksLikeExemplar reports whether b begins an exemplar in a wrong way.
func looksLikeExemplar(b []byte) bool {
	b = b[skipBlanks(b, 0):]
	return bytes.HasPrefix(b, []byte("#")) && !bytes.HasPrefix(b, []byte("# {"))
}

// errExemplar is the fault of what looks like an exemplar.
var errExemplar = errors.New("an exemplar begins with \"# {\"")

// beyondMilli reports whether a time in seconds is one of which no int64 has the
// milliseconds. What the parser makes of it depends on the processor.
func beyondMilli(seconds []byte) bool {
	if len(seconds) < wideNumber && !bytes.ContainsAny(seconds, "eE") {
		return false
	}
	f, err := strconv.ParseFloat(string(seconds), 64)
	return err != nil || math.Abs(f)*1000 >= 1<<63
}
