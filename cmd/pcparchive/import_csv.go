package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert/csv"
	"github.com/pcparchive/pcparchive/convert/input"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/ingest"
	"github.com/pcparchive/pcparchive/internal/safetext"
	"github.com/pcparchive/pcparchive/labelset"
)

// importCSVOptions are the flags of import csv. Of sampleOptions it has those that do not
// concern series of Prometheus.
type importCSVOptions struct {
	sampleOptions
	mapping    string
	timeColumn string
	timeFormat string
	dateColumn string
	delimiter  string
	decimal    bool
	skipLines  int
}

func newImportCSVCmd(s streams) *cobra.Command {
	var o importCSVOptions
	cmd := &cobra.Command{
		Use:   "csv TABLE|- [ARCHIVE]",
		Short: "Turn a table with a column of times into an archive",
		Long: `Turn a table in CSV into an archive. The first line is the header. One column has the
times, in ascending order: the one called time, timestamp or date, or else the first.
Times are RFC 3339, '2026-01-02 15:04:05', or seconds or milliseconds since 1970. The
table may be compressed and may have any length.

In a wide table each other column is a metric. It is named after the column, with _ for
characters that PCP does not allow, and stands below csv unless the name has a dot. A
column such as 'disk.dev.read[sda]' is an instance. Numbers become doubles, and a column
that begins with text becomes a metric of text. An empty cell has no value. A row of empty
cells is a mark: recording stopped. Tables of 'pcparchive values --rate off --output csv'
therefore become archives again. Rows with the same time form one record.

A long table has a line for each value, in any order, as 'pcparchive values --long' and
'pcparchive query' write them. It has the columns metric (or __name__) and value, and may
have instance, units, host and labels. Other columns are labels. --host selects the rows
of one of several hosts.

--mapping FILE describes the columns in YAML. Columns that it does not mention are left
out and named, unless it has 'others: keep':

  host: web1
  timezone: Europe/Berlin
  time: {column: When, format: '%d.%m.%Y %H:%M'}
  decimal: comma                                   # numbers such as 1.234,5
  skip: 2                                          # lines above the header
  metrics:
    - {column: Requests, name: shop.requests, type: u64, semantics: counter, units: count}
    - {column: Read A, name: shop.disk.read, instance: sda, units: Kbyte/sec, help: Reads}

Dates in a column of their own are 'time: {column: Clock, date: Day}'. Columns of a long
table that have other names are 'long: {metric: Sensor, value: Reading, instance: Room}';
'column' of a metric is then its name in the table.

The command reports cells that do not fit their column, and rows without a valid time, and
reads the rest. It rejects a wide table whose times go back. It
never overwrites an existing archive. The output appears when it is complete.`,
		Example: `  pcparchive import csv load.csv rec
  pcparchive import from csv load.csv -o rec --timezone Europe/Berlin
  pcparchive values lg disk.dev --rate off --output csv | pcparchive import csv - disks
  pcparchive import csv report.csv shop --mapping shop.yml --delimiter ';'`,
		Args: nargs(1, 2, "a table and an archive"),
		RunE: func(cmd *cobra.Command, args []string) error { return runImportCSV(cmd.Context(), s, o, args) },
	}
	f := cmd.Flags()
	f.StringVarP(&o.out, "output-archive", "o", "", "archive to write, if no operand names it")
	f.StringVar(&o.mapping, "mapping", "", "YAML `file` that describes the columns")
	f.StringVar(&o.timeColumn, "time-column", "", "column of the times; default: time, timestamp or date, or else the first")
	f.StringVar(&o.dateColumn, "date-column", "", "column of the dates, if that of the times has none; default: date, if there is a column called time, too")
	f.StringVar(&o.timeFormat, "time-format", "", "format of the times: a layout of strptime or of Go, unix or unix-ms; default: recognize it")
	f.StringVar(&o.delimiter, "delimiter", ",", "character between the cells, or tab")
	f.BoolVar(&o.decimal, "decimal-comma", false, "numbers have a decimal comma, as in 1.234,5")
	f.IntVar(&o.skipLines, "skip-lines", 0, "lines above the header")
	f.StringVar(&o.prefix, "prefix", "", "first component of all names; default: csv for names without a dot")
	f.StringVar(&o.host, "host", "", "host name of the archive, and of the rows to read of a long table; default: the mapping's, the table's, or this host's")
	addPairsFlag(cmd, &o.external, "label", "context label, as in `dc=east`; may be repeated")
	addVersionFlag(cmd, &o.version, "archive format, 2 or 3; default: 3")
	addVolumeFlags(cmd, &o.volumeSize, &o.compress, "volumes")
	addTimezoneFlag(cmd, &o.zones, "the mapping's, or UTC")
	addOutputFlag(cmd, &o.output)
	return cmd
}

func runImportCSV(ctx context.Context, s streams, o importCSVOptions, args []string) error {
	if len(args) == 2 {
		if o.out != "" {
			return usageError{fmt.Errorf("two archives to write: %s and %s", args[1], o.out)}
		}
		o.out = args[1]
	}
	report := &prom.Report{}
	im, err := o.importer(report)
	if err != nil {
		return err
	}
	damages := &damageLog{s: s}
	options, err := o.options(damages.add)
	if err != nil {
		return err
	}
	h := o.header(options.Mapping)
	reader, in, err := o.open(s, args[0], options)
	if err != nil {
		return err
	}
	var res *ingest.Result
	host, err := reader.Host(ctx)
	if err == nil {
		in.done()
		for _, name := range reader.Unused() {
			fmt.Fprintf(s.err, "column %s left out: the mapping does not mention it\n", safetext.Line(fmt.Sprintf("%q", name)))
		}
		if h.Host, err = hostOrThis(cmp.Or(h.Host, host)); err == nil {
			res, err = im.Steps(ctx, tableSource{reader}, h)
		}
	}
	switch err := in.end(err); {
	case errors.Is(err, errNoSamples):
		return damages.nothing()
	case err != nil:
		damages.rest()
		return err
	}
	damages.rest()
	stats := reader.Stats()
	a := &res.Archives[0]
	a.Series, a.Samples, a.Start, a.End = stats.Series, stats.Values, stats.Start.Time(), stats.End.Time()
	o.zones.loc = o.zones.or(options.Zone)
	return cmp.Or(printImport(s, &o.sampleOptions, res, report), damages.skipped())
}

// options returns the flags as options of a reader. It reads the mapping.
func (o *importCSVOptions) options(damaged func(error)) (csv.Options, error) {
	options := csv.Options{
		TimeColumn: o.timeColumn, DateColumn: o.dateColumn, TimeFormat: o.timeFormat, Prefix: o.prefix, Damaged: damaged, Zone: o.zones.loc,
		DecimalComma: o.decimal, SkipLines: o.skipLines, Host: o.host,
	}
	if o.skipLines < 0 {
		return options, usageError{fmt.Errorf("--skip-lines %d is negative", o.skipLines)}
	}
	switch d, size := utf8.DecodeRuneInString(o.delimiter); {
	case o.delimiter == "tab" || o.delimiter == `\t`:
		options.Delimiter = '\t'
	case size == 0 || size != len(o.delimiter) || d == utf8.RuneError || strings.ContainsRune("\"\r\n\x00", d):
		return options, usageError{fmt.Errorf("--delimiter %q: want one character, such as ';', or tab", o.delimiter)}
	default:
		options.Delimiter = d
	}
	var labels []labelset.Label
	for _, l := range labelsOf(o.external) {
		labels = append(labels, labelset.String(l.Name, l.Value))
	}
	var err error
	if options.Context, err = labelset.New(labelset.Context, labels...); err != nil {
		return options, usageError{fmt.Errorf("--label: %w", err)}
	}
	if o.mapping != "" {
		text, err := os.ReadFile(o.mapping)
		if err != nil {
			return options, err
		}
		if options.Mapping, err = csv.ParseMapping(o.mapping, text); err != nil {
			return options, err
		}
		if options.Zone == nil {
			options.Zone = options.Mapping.Zone
		}
	}
	if options.Zone == nil {
		options.Zone = time.UTC
	}
	return options, nil
}

// header returns the label of the archive, without a host if no flag and no mapping has one.
// Its time zone is that of the table.
func (o *importCSVOptions) header(m *csv.Mapping) archive.Header {
	h := archive.Header{PID: int32(os.Getpid()), Host: o.host, Zone: o.zones.name}
	if m != nil {
		h.Host, h.Zone = cmp.Or(h.Host, m.Host), cmp.Or(h.Zone, m.Timezone)
	}
	if h.Zone = strings.TrimPrefix(cmp.Or(h.Zone, "UTC"), ":"); strings.Contains(h.Zone, "/") {
		h.ZoneInfo = ":" + h.Zone
	}
	return h
}

// hostOrThis returns a host, or the name of this one if it is empty.
func hostOrThis(host string) (string, error) {
	if host != "" {
		return host, nil
	}
	return os.Hostname()
}

// open opens the table.
func (o *importCSVOptions) open(s streams, path string, options csv.Options) (*csv.Reader, *sampleInput, error) {
	files, err := input.Find([]string{path}, ".csv")
	if err != nil {
		return nil, nil, err
	}
	if len(files) > 1 {
		return nil, nil, usageError{fmt.Errorf("%s holds %d tables; an archive takes one", path, len(files))}
	}
	progress := newInputProgress(s, files)
	file, err := progress.open(files[0])
	if err != nil {
		return nil, nil, err
	}
	return csv.NewReader(files[0].Name, file, options), &sampleInput{done: progress.clear, close: file.Close}, nil
}

// tableSource is a table that must have a value.
type tableSource struct{ *csv.Reader }

// Steps yields the records, and errNoSamples if there are none.
func (t tableSource) Steps(ctx context.Context) iter.Seq2[*history.Step, error] {
	return func(yield func(*history.Step, error) bool) {
		for step, err := range t.Reader.Steps(ctx) {
			if !yield(step, err) {
				return
			}
			if err != nil {
				return
			}
		}
		if t.Stats().Values == 0 {
			yield(nil, errNoSamples)
		}
	}
}
