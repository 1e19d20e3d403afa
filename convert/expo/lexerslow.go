package expo

import (
	"bytes"
	"errors"
)

// maxMended is the maximum number of records that the parser gets at once on a page of PCP's
// exporters. Each may be faulty, and after a fault the parser begins anew.
const maxMended = 16

var errZeroByte = errors.New("a byte 0 where a line should begin")

// slow reads at least one record at the beginning of b, up to the next record of a
// known series, which fast can read. It returns 0 if the first record is not
// complete. With an error it returns the size of the records before the fault.
func (l *lexer) slow(b []byte, last bool) (int, error) {
	end, records := 0, 0
	var before []byte // the series of the previous record
	for end < len(b) {
		if records++; l.native.seen && records > maxMended {
			break
		}
		n := recordSize(l.format, b[end:])
		if n < 0 {
			if !last {
				break
			}
			n = len(b) - end
		}
		record := b[end : end+n]
		if l.format == OpenMetrics && record[0] == 0 {
			if end == 0 {
				return 0, l.fault(errZeroByte)
			}
			break // the parser would blame the previous record
		}
		special := l.special(record)
		if special && end == 0 {
			l.describe(record)
			return n, nil
		}
		if special {
			break
		}
		series := l.series(record)
		if len(series) > 0 && bytes.Equal(series, before) {
			break
		}
		before = series
		if k := l.cache[l.class][string(series)]; k != nil {
			if end > 0 {
				break
			}
			if used, err := l.readValue(k, record); used > 0 || err != nil {
				return used, err
			}
		}
		end += n
	}
	if end == 0 {
		return 0, nil
	}
	return l.parse(b[:end])
}

// series returns the name and labels of a record, nothing if it is not a sample.
func (l *lexer) series(record []byte) []byte {
	if record[0] == '#' || record[0] == '\n' {
		return nil
	}
	return record[:max(seriesSize(l.format, record), 0)]
}

// special reports whether a record must not reach the parser: the end of a page, or
// a "# PCP5" line, which OpenMetrics does not allow.
func (l *lexer) special(record []byte) bool {
	if record[0] != '#' {
		return false
	}
	return isPCPLine(record) || l.format == OpenMetrics && isEOF(record)
}

func isEOF(record []byte) bool {
	return string(record) == "# EOF\n" || string(record) == "# EOF"
}

// describe reads a special record.
func (l *lexer) describe(record []byte) {
	if isEOF(record) {
		l.ended = true
	} else {
		l.native.add(record)
	}
	l.line += bytes.Count(record, []byte("\n"))
}
