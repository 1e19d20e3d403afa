package csv

import (
	"bufio"
	"bytes"
	"context"
	stdcsv "encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

// Reader reads a table once. It is a [history.Source].
type Reader struct {
	name  string
	opts  Options
	in    *boundedReader
	csv   *stdcsv.Reader
	times *timeParser
	table *table

	stamp   pcp.Timestamp
	line    int // of stamp; 0 before the first row
	begun   bool
	pending bool // the columns have values of stamp
	step    history.Step
	stats   Stats
	long    int64 // rows with more cells than the header
}

// NewReader returns a Reader of a table; name is that of its file.
func NewReader(name string, in io.Reader, o Options) *Reader {
	format := o.TimeFormat
	zone := o.Zone
	if m := o.Mapping; m != nil {
		if format == "" {
			format = m.timeFormat
		}
		if zone == nil {
			zone = m.Zone
		}
	}
	return &Reader{name: name, opts: o, in: &boundedReader{r: in}, times: newTimeParser(format, zone)}
}

// Header reads the header. Steps calls it, too. The error is an [*Error].
func (r *Reader) Header() error {
	if r.table != nil {
		return nil
	}
	r.in.left = maxRow
	buffered := bufio.NewReader(r.in)
	if mark, _ := buffered.Peek(len(byteOrderMark)); bytes.Equal(mark, byteOrderMark) { // the first Read returns the error
		_, _ = buffered.Discard(len(byteOrderMark)) // Peek has read them
	}
	r.csv = stdcsv.NewReader(buffered)
	r.csv.ReuseRecord, r.csv.FieldsPerRecord = true, -1
	if r.opts.Delimiter != 0 {
		r.csv.Comma = r.opts.Delimiter
	}
	header, err := r.csv.Read()
	if errors.Is(err, io.EOF) {
		return &Error{r.name, 0, errors.New("the table is empty: it has no header")}
	}
	if err != nil {
		return r.readError(err)
	}
	t, err := newTable(header, &r.opts)
	if err != nil {
		var fault *Error
		if errors.As(err, &fault) {
			return err
		}
		return &Error{r.name, 1, err}
	}
	r.table = t
	return nil
}

// Unused returns the headers of the columns that the mapping leaves out. The header must
// have been read.
func (r *Reader) Unused() []string { return r.table.unused }

// Stats says what a Reader has yielded.
type Stats struct {
	Series     int   // columns with a value
	Values     int64 // cells with a value
	Start, End pcp.Timestamp
}

// Stats returns the counts so far.
func (r *Reader) Stats() Stats { return r.stats }

// Steps yields the records of the table. A row that is earlier than the row before it ends
// the table with an error.
func (r *Reader) Steps(ctx context.Context) iter.Seq2[*history.Step, error] {
	return func(yield func(*history.Step, error) bool) {
		err := r.Header()
		more := true
		emit := func(s *history.Step) bool {
			more = yield(s, nil)
			return more
		}
		for n := 0; err == nil && more; n++ {
			if n%1024 == 0 && ctx.Err() != nil {
				err = ctx.Err()
				break
			}
			err = r.row(emit)
		}
		switch {
		case !more:
		case errors.Is(err, io.EOF):
			if r.flush(emit) {
				r.reportRest()
			}
		case err != nil:
			yield(nil, err)
		}
	}
}

// row reads a row, and emits the record before it unless both have the same time.
func (r *Reader) row(emit func(*history.Step) bool) error {
	r.in.left = maxRow
	cells, err := r.csv.Read()
	if errors.Is(err, io.EOF) {
		return io.EOF
	}
	if err != nil {
		return r.readError(err)
	}
	line, _ := r.csv.FieldPos(0)
	if len(cells) > len(r.table.header) {
		r.tooLong(line, len(cells))
	}
	empty := isEmpty(cells, r.table.time)
	if empty && (r.table.time >= len(cells) || strings.TrimSpace(cells[r.table.time]) == "") {
		return nil // a line of delimiters
	}
	cell := ""
	if r.table.time < len(cells) {
		cell = cells[r.table.time]
	}
	t, err := r.times.parse(cell)
	if err != nil {
		r.damaged(line, fmt.Errorf("row left out: %w", err))
		return nil
	}
	if r.line > 0 && t.Before(r.stamp) {
		return &Error{r.name, line, fmt.Errorf("time %s is earlier than %s in line %d; sort the table by time", timeText(t), timeText(r.stamp), r.line)}
	}
	if t != r.stamp || empty {
		if !r.flush(emit) {
			return nil
		}
	}
	r.stamp, r.line = t, line
	if empty {
		if r.begun { // a mark before the first record says nothing
			r.step = history.Step{Stamp: t, Mark: true}
			emit(&r.step)
		}
		return nil
	}
	r.fill(cells, line)
	return nil
}

// timeText writes a time for a message.
func timeText(t pcp.Timestamp) string {
	return t.Time().UTC().Format("2006-01-02T15:04:05.999999999Z07:00")
}

// isEmpty reports whether no cell but that of the time has a value.
func isEmpty(cells []string, time int) bool {
	for i, cell := range cells {
		if i != time && strings.TrimSpace(cell) != "" {
			return false
		}
	}
	return true
}

// fill takes the values of a row.
func (r *Reader) fill(cells []string, line int) {
	for _, c := range r.table.columns {
		if c.index >= len(cells) || strings.TrimSpace(cells[c.index]) == "" {
			continue
		}
		cell, desc := cells[c.index], c.metric.Desc
		if desc.Type == pcp.TypeUnknown {
			desc.Type = typeOf(cell)
		}
		v, err := valueOf(cell, c.series.Inst.ID, desc.Type)
		if err == nil && c.line > 0 {
			err = fmt.Errorf("line %d has a value for the same time", c.line)
		}
		if err != nil {
			r.badCell(c, line, err)
			continue
		}
		c.value, c.line = v, line
		r.pending = true
	}
}

// flush emits the record of the values taken so far, if there are any. It returns false if
// the consumer wants no more.
func (r *Reader) flush(emit func(*history.Step) bool) bool {
	if !r.pending {
		return true
	}
	for _, c := range r.table.columns {
		if c.line > 0 {
			c.metric.points = append(c.metric.points, history.Point{Series: c.series, Value: c.value})
			c.value, c.line = history.Value{}, 0
			if !c.seen {
				c.seen = true
				r.stats.Series++
			}
		}
	}
	r.step = history.Step{Stamp: r.stamp, Metrics: r.step.Metrics[:0]}
	for _, m := range r.table.metrics {
		if len(m.points) > 0 {
			r.step.Metrics = append(r.step.Metrics, history.MetricValues{Metric: &m.Metric, InDom: m.indom, Points: m.points})
			m.points = m.points[:0]
		}
	}
	if r.pending, r.begun = false, true; r.stats.Values == 0 {
		r.stats.Start = r.stamp
	}
	r.stats.End = r.stamp
	for i := range r.step.Metrics {
		r.stats.Values += int64(len(r.step.Metrics[i].Points))
	}
	return emit(&r.step)
}
