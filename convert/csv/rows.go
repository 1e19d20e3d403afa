package csv

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

// next returns the next row that is neither empty nor a header again, and its line.
func (r *Reader) next() (cells []string, line int, err error) {
	for {
		r.in.left = maxRow
		if cells, err = r.csv.Read(); err != nil {
			if !errors.Is(err, io.EOF) {
				err = r.readError(err)
			}
			return nil, 0, err
		}
		line, _ = r.csv.FieldPos(0)
		line += r.opts.SkipLines
		if len(cells) > len(r.header) {
			r.tooLong(line, len(cells))
			cells = cells[:len(r.header)]
		}
		if !isEmpty(cells, timeColumns{-1, -1}) && !r.isHeader(cells) {
			return cells, line, nil
		}
	}
}

// isHeader reports whether a row is the header again, as in tables that were joined.
func (r *Reader) isHeader(cells []string) bool {
	return len(cells) == len(r.header) && slices.EqualFunc(cells, r.header, func(c, h string) bool { return strings.TrimSpace(c) == h })
}

// stampOf returns the time of a row, or reports that it has none.
func (r *Reader) stampOf(cells []string, line int) (pcp.Timestamp, bool) {
	text := cell(cells, r.places.time)
	if r.places.date >= 0 {
		text = strings.TrimSpace(cell(cells, r.places.date) + " " + text)
	}
	t, err := r.times.parse(text)
	if err != nil {
		r.damaged(line, fmt.Errorf("column %d (%.80q): row left out: %w", r.places.time+1, r.header[r.places.time], err))
	}
	return t, err == nil
}

// row reads a row, and emits the record before it unless both have the same time.
func (r *Reader) row(emit func(*history.Step) bool) error {
	cells, line, err := r.next()
	if err != nil {
		return err
	}
	t, ok := r.stampOf(cells, line)
	if !ok {
		return nil
	}
	if r.line > 0 && t.Before(r.stamp) {
		t = r.times.second(t, r.stamp)
	}
	if r.line > 0 && t.Before(r.stamp) {
		return &Error{r.name, line, fmt.Errorf("column %d (%.80q): time %s is earlier than %s in line %d; sort the table by time", r.places.time+1, r.header[r.places.time], timeText(t), timeText(r.stamp), r.line)}
	}
	empty := isEmpty(cells, r.places)
	if t != r.stamp || empty {
		if !r.flush(emit) {
			return nil
		}
	}
	r.stamp, r.line = t, line
	if empty {
		r.step = history.Step{Stamp: t, Mark: true}
		emit(&r.step)
		return nil
	}
	r.fill(cells, line)
	return nil
}

// timeText writes a time for a message.
func timeText(t pcp.Timestamp) string {
	return t.Time().UTC().Format(time.RFC3339Nano)
}

// isEmpty reports whether no cell but those of the time and the date has a value.
func isEmpty(cells []string, but timeColumns) bool {
	for i, cell := range cells {
		if i != but.time && i != but.date && strings.TrimSpace(cell) != "" {
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
		if desc.Type != pcp.TypeString && isMissing(cell) {
			continue
		}
		if desc.Type == pcp.TypeUnknown {
			desc.Type = typeOf(r.decimal(cell))
		}
		if desc.Type != pcp.TypeString {
			cell = r.decimal(cell)
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
	r.pending = false
	r.count()
	return emit(&r.step)
}

// count counts the values of a record.
func (r *Reader) count() {
	if r.stats.Values == 0 {
		r.stats.Start = r.step.Stamp
	}
	r.stats.End = r.step.Stamp
	for i := range r.step.Metrics {
		r.stats.Values += int64(len(r.step.Metrics[i].Points))
	}
}
