package expo

import (
	"bytes"
	"errors"
	"fmt"
)

// errForeign marks an error that the whole file is not a page.
var errForeign = errors.New("not a page")

// foreignFile is the error about a file of another kind. It says which kind.
type foreignFile struct{ error }

// Is reports whether target is errStranger.
func (foreignFile) Is(target error) bool { return target == errForeign }

// title returns the name of the format in messages.
func (f Format) title() string {
	if f == OpenMetrics {
		return "OpenMetrics"
	}
	return "Prometheus' text format"
}

// foreignHeads has the beginnings of files that are not pages.
var foreignHeads = []struct{ head, what string }{
	{"\xef\xbb\xbf", "it begins with a byte order mark, which is to be taken off"},
	{"\xff\xfe", "it is UTF-16, to be made UTF-8 first"},
	{"\xfe\xff", "it is UTF-16, to be made UTF-8 first"},
	{"HTTP/", "it begins with the header of a reply, which 'curl -i' writes, too"},
	{"<", "it is HTML or XML, not a page of metrics"},
	{"{\"status\":", "it is JSON: a reply of Prometheus' query API is for import prom-json"},
}

// unreadable returns the error that a record is not of the format. It names the
// cause if it finds one, else err, the parser's error.
func unreadable(format Format, line int, record []byte, err error) error {
	if line == 1 {
		for _, s := range foreignHeads {
			if bytes.HasPrefix(record, []byte(s.head)) {
				return foreignFile{fmt.Errorf("not %s: %s", format.title(), s.what)}
			}
		}
	}
	if bytes.HasSuffix(bytes.TrimSuffix(record, []byte("\n")), []byte("\r")) {
		return fmt.Errorf("not %s: lines end in CR LF, to be made LF first", format.title())
	}
	if format == OpenMetrics && record[0] != '#' {
		value, rest := nextWord(record[max(seriesSize(format, record), 0):])
		if tail := checkTail(value, rest); errors.Is(tail, errExemplar) {
			err = tail
		}
	}
	return fmt.Errorf("not %s: %w", format.title(), err)
}
