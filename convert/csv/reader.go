package csv

import (
	"bufio"
	"bytes"
	"cmp"
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
	name   string
	opts   Options
	in     *boundedReader
	csv    *stdcsv.Reader
	times  *timeParser
	table  *table      // nil for a long table
	long   *longReader // nil for a wide table
	unused []string

	stamp   pcp.Timestamp
	line    int  // of stamp; 0 before the first row
	pending bool // the columns have values of stamp
	step    history.Step
	stats   Stats
	ragged  int64 // rows with more cells than the header
	begin   int   // line of the header
	header  []string
	places  timeColumns
}

// NewReader returns a Reader of a table; name is that of its file.
func NewReader(name string, in io.Reader, o Options) *Reader {
	if m := o.Mapping; m != nil {
		o.TimeFormat, o.Zone = cmp.Or(o.TimeFormat, m.timeFormat), cmp.Or(o.Zone, m.Zone)
		o.DecimalComma = o.DecimalComma || m.decimalComma
		o.SkipLines = max(o.SkipLines, m.skipLines)
	}
	return &Reader{name: name, opts: o, in: &boundedReader{r: in}, times: newTimeParser(o.TimeFormat, o.Zone)}
}

// Header reads the header. Steps calls it, too. The error is an [*Error].
func (r *Reader) Header() error {
	if r.header != nil {
		return nil
	}
	if err := r.times.check(); err != nil {
		return &Error{r.name, 0, err}
	}
	r.in.left = maxRow
	buffered := bufio.NewReader(r.in)
	if mark, _ := buffered.Peek(len(byteOrderMark)); bytes.Equal(mark, byteOrderMark) { // the first Read returns the error
		_, _ = buffered.Discard(len(byteOrderMark)) // Peek has read them
	}
	if err := r.skip(buffered); err != nil {
		return err
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
	r.header = make([]string, 0, len(header))
	for _, c := range header {
		r.header = append(r.header, strings.Clone(strings.TrimSpace(c)))
	}
	line, _ := r.csv.FieldPos(0)
	r.begin = r.opts.SkipLines + line
	if err := r.plan(); err != nil {
		var fault *Error
		if errors.As(err, &fault) {
			return err
		}
		return &Error{r.name, r.begin, err}
	}
	return nil
}

// plan plans the columns.
func (r *Reader) plan() error {
	if len(r.header) > maxColumns {
		return fmt.Errorf("%d columns; at most %d are possible", len(r.header), maxColumns)
	}
	columns, err := longTable(r.header, &r.opts)
	if err != nil {
		return err
	}
	if columns != nil {
		r.places = columns.timeColumns
		r.long = &longReader{Reader: r, columns: columns, byKey: map[string]uint32{}, byName: map[string]*longMetric{}}
		return nil
	}
	if r.table, err = newTable(r.header, &r.opts); err == nil {
		r.places, r.unused = r.table.timeColumns, r.table.unused
	}
	return err
}

// skip passes over the lines above the header.
func (r *Reader) skip(in *bufio.Reader) error {
	for range r.opts.SkipLines {
		for more := true; more; {
			var err error
			if _, more, err = in.ReadLine(); errors.Is(err, io.EOF) {
				return &Error{r.name, 0, fmt.Errorf("the table has no header after %d lines", r.opts.SkipLines)}
			} else if err != nil {
				return &Error{r.name, 0, err}
			}
		}
	}
	return nil
}

// Unused returns what the mapping leaves out: the headers of columns, once Header was called,
// or the metrics of a long table, once Host was called.
func (r *Reader) Unused() []string { return r.unused }

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
		if err == nil && r.long != nil {
			if err = r.readLong(ctx, emit); err == nil {
				err = io.EOF
			}
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
			if r.long != nil || r.flush(emit) {
				r.reportRest()
			}
		case err != nil:
			yield(nil, err)
		}
	}
}

// readLong reads a long table and emits its records.
func (r *Reader) readLong(ctx context.Context, emit func(*history.Step) bool) error {
	defer func() { _ = r.long.sorter.file.Close() }() // what is in a temporary file is not needed any more
	if err := r.load(ctx); err != nil {
		return err
	}
	return r.long.steps(emit)
}

// load reads the rows of a long table, once.
func (r *Reader) load(ctx context.Context) error {
	if r.long.loaded {
		return nil
	}
	if err := r.long.read(ctx); err != nil {
		return err
	}
	r.long.loaded = true
	return r.long.plan()
}

// Host returns the host that the rows of a long table name, "" for none. It reads the header
// and, of a long table, all rows.
func (r *Reader) Host(ctx context.Context) (string, error) {
	if err := r.Header(); err != nil || r.long == nil {
		return "", err
	}
	err := r.load(ctx)
	return r.long.host, err
}
