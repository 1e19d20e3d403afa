package csv_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/csv"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

// lines reads a table and returns a line for each value and each mark, the faults, and the
// error that ends the table.
func lines(table string, o csv.Options) (all, faults []string, end error) {
	o.Damaged = func(err error) { faults = append(faults, err.Error()) }
	for step, err := range csv.NewReader("t.csv", strings.NewReader(table), o).Steps(context.Background()) {
		if err != nil {
			return all, faults, err
		}
		at := step.Stamp.Time().UTC().Format("15:04:05.999999999")
		if step.Mark {
			all = append(all, at+" mark")
		}
		for _, mv := range step.Metrics {
			for _, p := range mv.Points {
				all = append(all, fmt.Sprintf("%s %s[%s] %s", at, mv.Metric.Name, p.Series.Inst.Name, textOf(p.Value, mv.Metric.Desc.Type)))
			}
		}
	}
	return all, faults, nil
}

func textOf(v history.Value, t pcp.Type) string {
	if f, ok := v.Number(t); ok {
		return fmt.Sprint(f)
	}
	return fmt.Sprintf("%q", v.Text())
}

func TestReader(t *testing.T) {
	const day = "2026-01-02T"
	for _, c := range []struct {
		name, table   string
		options       csv.Options
		values, fault []string
		end           string
	}{
		{name: "instances and text", table: "time,a.b[x y],a.b[z],note\n" + day + "01:00:00Z,1,2.5,\"on, \"\"off\"\"\"\n",
			values: []string{"01:00:00 a.b[x y] 1", "01:00:00 a.b[z] 2.5", `01:00:00 csv.note[] "on, \"off\""`}},
		{name: "the column of times by its name", table: "v,Timestamp\n3," + day + "01:00:00Z\n", values: []string{"01:00:00 csv.v[] 3"}},
		{name: "the first column of times", table: "when,v\n" + day + "01:00:00Z,3\n", values: []string{"01:00:00 csv.v[] 3"}},
		{name: "given", table: "time,v\n3," + day + "01:00:00Z\n", options: csv.Options{TimeColumn: "v"}, values: []string{"01:00:00 csv.time[] 3"}},
		{name: "byte order mark, CR LF, blank lines, a line of delimiters", table: "\ufeff\"time\",v\r\n\r\n" + day + "01:00:00Z,3\r\n,\r\n",
			values: []string{"01:00:00 csv.v[] 3"}},
		{name: "marks", table: "time,v\n" + day + "00:00:00Z,\n" + day + "01:00:00Z,3\n" + day + "02:00:00Z,\n" + day + "02:00:00Z,4\n",
			values: []string{"00:00:00 mark", "01:00:00 csv.v[] 3", "02:00:00 mark", "02:00:00 csv.v[] 4"}},
		{name: "equal times join", table: "time,v,w\n" + day + "01:00:00Z,3,\n" + day + "02:00:00+01:00,,4\n" + day + "01:00:00Z,5,\n",
			values: []string{"01:00:00 csv.v[] 3", "01:00:00 csv.w[] 4"},
			fault:  []string{`t.csv:4: column 2 ("v"): cell left out: line 2 has a value for the same time`}},
		{name: "time goes back", table: "time,v\n" + day + "02:00:00Z,3\n" + day + "01:00:00Z,4\n",
			end: "t.csv:3: column 1 (\"time\"): time 2026-01-02T01:00:00Z is earlier than 2026-01-02T02:00:00Z in line 2; sort the table by time"},
		{name: "cells that do not fit", table: "time,v\n1,3\n2,x\n3,4\n4,y\n5,z\n", values: []string{"00:00:01 csv.v[] 3", "00:00:03 csv.v[] 4"},
			fault: []string{`t.csv:3: column 2 ("v"): cell left out: "x" is not a number of the type double`, `t.csv: column 2 ("v"): 2 more cells left out`}},
		{name: "a row without a time", table: "time,v\nTotal,3\n1,1\n", values: []string{"00:00:01 csv.v[] 1"},
			fault: []string{`t.csv:2: column 1 ("time"): row left out: time "Total": want a time such as 2026-01-02T03:04:05Z or '2026-01-02 03:04:05', or seconds or milliseconds since 1970`}},
		{name: "ragged rows", table: "time,v,w\n1,3\n2,4,5,6\n3,4,5,6\n", values: []string{"00:00:01 csv.v[] 3", "00:00:02 csv.v[] 4", "00:00:02 csv.w[] 5", "00:00:03 csv.v[] 4", "00:00:03 csv.w[] 5"},
			fault: []string{"t.csv:3: 4 cells, but the header has 3; the others are left out", "t.csv: 1 more rows with more cells than the header"}},
		{name: "names", table: "time,CPU %,cpu_%,cpu %,9lives,,a.b,a.b.c,a.b[x],ü\n1,1,2,3,4,5,6,7,8,9\n",
			values: []string{"00:00:01 csv.CPU[] 1", "00:00:01 csv.cpu_[] 2", "00:00:01 csv.cpu[] 3", "00:00:01 csv.n9lives[] 4", "00:00:01 csv.column_6[] 5",
				"00:00:01 a.b[] 6", "00:00:01 a.b_c[] 7", "00:00:01 a.b_2[x] 8", "00:00:01 csv.column_10[] 9"}},
		{name: "prefix", table: "time,v,a.b\n1,1,2\n", options: csv.Options{Prefix: "shop"}, values: []string{"00:00:01 shop.v[] 1", "00:00:01 shop.a.b[] 2"}},
		{name: "delimiter", table: "time;v\n1;1\n", options: csv.Options{Delimiter: ';'}, values: []string{"00:00:01 csv.v[] 1"}},
		{name: "wrong delimiter", table: "time;v\n1;1\n", end: "t.csv:1: the table has no column of values; if its cells are not separated by commas, another delimiter is needed"},
		{name: "values that are missing", table: "time,v,note\n1,N/A,on\n2,3,-\n3,-,NA\n", values: []string{`00:00:01 csv.note[] "on"`, "00:00:02 csv.v[] 3", `00:00:02 csv.note[] "-"`, `00:00:03 csv.note[] "NA"`}},
		{name: "the header again", table: "time,v\n1,3\ntime,v\n2,4\n", values: []string{"00:00:01 csv.v[] 3", "00:00:02 csv.v[] 4"}},
		{name: "date and time", table: "v,Date,Time\n3,2026-01-02,01:00:00\n", values: []string{"01:00:00 csv.v[] 3"}},
		{name: "date and time by their names", table: "v;Tag;Uhr\n3,5;02.01.2026;01:00\n", options: csv.Options{Delimiter: ';', DateColumn: "Tag", TimeColumn: "Uhr", TimeFormat: "%d.%m.%Y %H:%M", DecimalComma: true},
			values: []string{"01:00:00 csv.v[] 3.5"}},
		{name: "decimal comma", table: "time;a;b\n1;1.234,5;-0,25\n2;7;x\n", options: csv.Options{Delimiter: ';', DecimalComma: true},
			values: []string{"00:00:01 csv.a[] 1234.5", "00:00:01 csv.b[] -0.25", "00:00:02 csv.a[] 7"}, fault: []string{`t.csv:3: column 3 ("b"): cell left out: "x" is not a number of the type double`}},
		{name: "lines above the header", table: "Report, \"odd\n\ntime,v\n1,3\n0,3\n", options: csv.Options{SkipLines: 2}, end: `t.csv:5: column 1 ("time"): time 1970-01-01T00:00:00Z is earlier than 1970-01-01T00:00:01Z in line 4; sort the table by time`},
		{name: "fewer lines", table: "a\n", options: csv.Options{SkipLines: 2}, end: "t.csv: the table has no header after 2 lines"},
		{name: "no column of dates", table: "time,v\n", options: csv.Options{DateColumn: "day"}, end: `t.csv:1: no column is called "day", the column of dates`},
		{name: "unknown conversion", table: "time,v\n", options: csv.Options{TimeFormat: "%Q"}, end: `t.csv: format of times "%Q": %Q is not known`},
		{name: "empty", end: "t.csv: the table is empty: it has no header"},
		{name: "a quote in a cell", table: "time,v\n1,1\n2,a\"b\n", end: `t.csv:3: byte 4 of the line: bare " in non-quoted-field`},
	} {
		t.Run(c.name, func(t *testing.T) {
			values, faults, err := lines(c.table, c.options)
			if c.end != "" {
				require.EqualError(t, err, c.end)
				assert.True(t, errors.As(err, new(*csv.Error)))
				return
			}
			require.NoError(t, err)
			assert.Equal(t, c.values, values)
			assert.Equal(t, c.fault, faults)
		})
	}
}

func TestTimes(t *testing.T) {
	for _, c := range []struct{ cell, format, want string }{
		{"2026-01-02T03:04:05.123456789Z", "", "1767323045.123456789"},
		{"2026-01-02 03:04:05.25", "", "1767323045.250000000"},
		{"2026-01-02 05:04:05+02:00", "", "1767323045.000000000"},
		{"2026-01-02", "", "1767312000.000000000"},
		{"1767323045", "", "1767323045.000000000"},
		{"1767323045.000000001", "", "1767323045.000000001"},
		{"1767323045250", "", "1767323045.250000000"},
		{"1767323045250.5", "", "1767323045.250500000"},
		{"1.767323045e9", "", "1767323045.000000000"},
		{"1000", "unix-ms", "1.000000000"},
		{"100000000001", "unix", "100000000001.000000000"},
		{"02.01.2026 03:04", "%d.%m.%Y %H:%M", "1767323040.000000000"},
		{"02.01.2026 03:04", "02.01.2006 15:04", "1767323040.000000000"},
		{"2026/01/02 03:04:05", "", "1767323045.000000000"},
		{"1767323045.5", "%s", "1767323045.500000000"},
		{"02.01.2026 03:04:05.25", "%d.%m.%Y %H:%M:%S.%f", "1767323045.250000000"},
		{"2026-01-02 03:04 XYZ", "%F %R %Z", "the zone XYZ is not known here; want an offset such as +0100"},
		{"-5", "", "a time before 1970 or after 9999"},
		{"NaN", "", "a time before 1970 or after 9999"},
		{"1e300", "", "a time before 1970 or after 9999"},
		{"x", "unix", "want a number since 1970"},
		{"02.01.2026", "%d.%m.%Y %H:%M", `want the format "%d.%m.%Y %H:%M"`},
	} {
		var faults []string
		o := csv.Options{TimeFormat: c.format, Damaged: func(err error) { faults = append(faults, err.Error()) }}
		got := ""
		for step, err := range csv.NewReader("t.csv", strings.NewReader("time,v\n"+c.cell+",1\n"), o).Steps(context.Background()) {
			require.NoError(t, err)
			got = fmt.Sprintf("%d.%09d", step.Stamp.Time().Unix(), step.Stamp.Time().Nanosecond())
		}
		if got == "" {
			require.Len(t, faults, 1, c.cell)
			assert.Equal(t, fmt.Sprintf("t.csv:2: column 1 (\"time\"): row left out: time %q: %s", c.cell, c.want), faults[0])
			continue
		}
		assert.Equal(t, c.want, got, c.cell)
	}
}

func TestQuoteThatNeverEnds(t *testing.T) {
	_, _, err := lines("time,v\n1,\""+strings.Repeat("x\n", 40<<20), csv.Options{})
	require.ErrorContains(t, err, "a row of more than 64 MiB")
}

func TestManyColumnsOfOneName(t *testing.T) {
	const n = 20000
	values, faults, err := lines("time"+strings.Repeat(",v", n)+"\n1"+strings.Repeat(",7", n)+"\n", csv.Options{})
	require.NoError(t, err)
	assert.Empty(t, faults)
	require.Len(t, values, n)
	assert.Equal(t, fmt.Sprintf("00:00:01 csv.v_%d[] 7", n), values[n-1])
}

// TestSummerTimeEnds reads local times of the hour that clocks show twice.
func TestSummerTimeEnds(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	values, faults, err := lines("time,v\n2026-10-25 02:30:00,1\n2026-10-25 02:10:00,2\n2026-10-25 02:50:00,3\n2026-10-25 03:00:00,4\n", csv.Options{Zone: berlin})
	require.NoError(t, err)
	assert.Empty(t, faults)
	assert.Equal(t, []string{"00:30:00 csv.v[] 1", "01:10:00 csv.v[] 2", "01:50:00 csv.v[] 3", "02:00:00 csv.v[] 4"}, values)
}
