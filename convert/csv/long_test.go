package csv_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/csv"
	"github.com/pcparchive/pcparchive/labelset"
)

func TestLongTable(t *testing.T) {
	for _, c := range []struct {
		name, table   string
		options       csv.Options
		mapping       string
		values, fault []string
		end           string
	}{
		{name: "of values", table: "time,host,metric,instance,value,units\n1,web1,disk.read,sda,1,Kbyte / sec\n1,web1,disk.read,sdb,2,Kbyte / sec\n1,web1,load,,0.5,\n2,web1,disk.read,sdb,3,Kbyte / sec\n2,web1,note,,on,\n",
			values: []string{"00:00:01 disk.read[sda] 1", "00:00:01 disk.read[sdb] 2", "00:00:01 csv.load[] 0.5", "00:00:02 disk.read[sdb] 3", `00:00:02 csv.note[] "on"`}},
		{name: "of query, series by series", table: "time,__name__,hostname,instname,value\n1,a_b,h,x,1\n2,a_b,h,x,2\n1,a_b,h,y,3\n2,a_b,h,y,4\n",
			values: []string{"00:00:01 csv.a_b[x] 1", "00:00:01 csv.a_b[y] 3", "00:00:02 csv.a_b[x] 2", "00:00:02 csv.a_b[y] 4"}},
		{name: "other columns are labels", table: "time,metric,mode,cpu,value\n1,a.b,user,0,1\n1,a.b,sys,0,2\n1,c.d,,,3\n",
			values: []string{"00:00:01 a.b[0 mode:user] 1", "00:00:01 a.b[1 mode:sys] 2", "00:00:01 c.d[] 3"}},
		{name: "labels", table: "time,metric,instance,value,labels\n1,a.b,x,1,\"{\"\"m\"\": \"\"u\"\"}\"\n1,a.b,x,2,\"{m=\"\"s\"\", n=\"\"1\"\"}\"\n1,a.b,y,3,\"m=\"\"u\"\"\"\n1,a.b,z,3,m=u\n",
			values: []string{"00:00:01 a.b[0 x m:u] 1", "00:00:01 a.b[1 x m:s n:1] 2", "00:00:01 a.b[y] 3"},
			fault:  []string{`t.csv:5: column 5 ("labels"): row left out: labels "m=u": want {"name": "value", …} or name="value",…`}},
		{name: "marks, times that go back, the same time twice", table: "time,metric,value\n3,a.b,1\n2,,\n1,a.b,2\n3,a.b,4\n0,,\n",
			values: []string{"00:00:00 mark", "00:00:01 a.b[] 2", "00:00:02 mark", "00:00:03 a.b[] 1"},
			fault:  []string{`t.csv:5: column 3 ("value"): value of "a.b" left out: line 2 has a value for the same time`}},
		{name: "cells that do not fit", table: "time,metric,value,units\n1,a.b,1,byte\n2,a.b,x,byte\n3,a.b,N/A,byte\n4,a.b,2,count\n5,,7,\nx,a.b,1,\n6,a.b,,\n",
			values: []string{"00:00:01 a.b[] 1"},
			fault: []string{`t.csv:5: column 3 ("value"): value of "a.b" left out: its units "count" differ from "byte" in line 2`, `t.csv:6: column 2 ("metric"): row left out: it names no metric`,
				`t.csv:7: column 1 ("time"): row left out: time "x": want a time such as 2026-01-02T03:04:05Z or '2026-01-02 03:04:05', or seconds or milliseconds since 1970`, `t.csv: 1 more values of "a.b" left out`}},
		{name: "integers that a double would round", table: "time,metric,value\n1,a,1\n2,a,18446744073709551615\n1,b,-9007199254740993\n2,b,7\n1,c,9007199254740993\n2,c,0.5\n",
			values: []string{"00:00:01 csv.a[] 1", "00:00:01 csv.b[] -9.007199254740992e+15", "00:00:01 csv.c[] 9.007199254740992e+15", "00:00:02 csv.a[] 1.8446744073709552e+19", "00:00:02 csv.b[] 7", "00:00:02 csv.c[] 0.5"}},
		{name: "empty texts", table: "time,metric,value\n1,a,\n1,b,\n2,a,on\n2,b,1\n3,a,\n", values: []string{`00:00:01 csv.a[] ""`, `00:00:02 csv.a[] "on"`, "00:00:02 csv.b[] 1", `00:00:03 csv.a[] ""`}},
		{name: "a text that is always empty", table: "time,host,metric,instance,value,units\n1,h,a,,,\n", values: []string{`00:00:01 csv.a[] ""`}},
		{name: "missing in all rows", table: "time,metric,value\n1,a,\n2,a,N/A\n2,b,1\n", values: []string{"00:00:02 csv.b[] 1"}},
		{name: "instances in names", table: "time,metric,value\n1,a.b[x],1\n1,a.b[y],2\n", values: []string{"00:00:01 a.b[x] 1", "00:00:01 a.b_2[y] 2"}},
		{name: "two hosts", table: "time,host,metric,value\n1,web1,a.b,1\n1,web2,a.b,2\n", end: `t.csv:3: column 2 ("host"): host "web2", but the rows before are of "web1"; an archive has one host, choose it`},
		{name: "one of two hosts", table: "time,host,metric,value\n1,web1,a.b,1\n1,web2,a.b,2\n", options: csv.Options{Host: "web2"}, values: []string{"00:00:01 a.b[] 2"}},
		{name: "columns by a mapping", table: "When;Room;Sensor;Reading\n1;K1;temp;20,5\n1;K2;temp;21\n1;K1;door;open\n", options: csv.Options{Delimiter: ';'},
			mapping: "time: {column: When}\ndecimal: comma\nlong: {metric: Sensor, value: Reading, instance: Room}\n",
			values:  []string{"00:00:01 csv.temp[K1] 20.5", "00:00:01 csv.temp[K2] 21", `00:00:01 csv.door[K1] "open"`}},
		{name: "metrics of a mapping", table: "time,metric,value\n1,t,1\n1,u,2\n", mapping: "metrics: [{column: u, name: room.u, type: u32, units: count}]\n", values: []string{"00:00:01 room.u[] 2"}},
		{name: "no metric", table: "time,Reading\n1,5\n", mapping: "long: {value: Reading}\n", values: []string{"00:00:01 csv.Reading[] 5"}},
		{name: "no such column", table: "time,v\n1,5\n", mapping: "long: {value: x}\n", end: `m.yml:1: the table has no column "x"`},
		{name: "no value", table: "time,v\n1,5\n", mapping: "long: {metric: v}\n", end: `m.yml:1: long: want the column of the values, as in {value: Reading}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.mapping != "" {
				var err error
				c.options.Mapping, err = csv.ParseMapping("m.yml", []byte(c.mapping))
				require.NoError(t, err)
			}
			values, faults, err := lines(c.table, c.options)
			if c.end != "" {
				require.EqualError(t, err, c.end)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, c.values, values)
			assert.Equal(t, c.fault, faults)
		})
	}
}

// TestLongMetadata checks units, labels, the host and what a mapping leaves out.
func TestLongMetadata(t *testing.T) {
	m, err := csv.ParseMapping("m.yml", []byte("metrics: [{column: a.b, name: a.b}]\n"))
	require.NoError(t, err)
	const table = "time,metric,host,value,units,mode,agent\n1,a.b,web1,1,Kbyte / sec,user,linux\n1,a.b,web1,2,Kbyte / sec,sys,linux\n1,c.d,web1,3,,,\n"
	r := csv.NewReader("t.csv", strings.NewReader(table), csv.Options{Mapping: m})
	host, err := r.Host(context.Background())
	require.NoError(t, err)
	assert.Equal(t, "web1", host)
	assert.Equal(t, []string{"c.d"}, r.Unused())
	for step, err := range r.Steps(context.Background()) {
		require.NoError(t, err)
		require.Len(t, step.Metrics, 1)
		mv := step.Metrics[0]
		assert.Equal(t, "Kbyte / sec", mv.Metric.Desc.Units.String())
		assert.Equal(t, "linux", mv.Metric.Labels[labelset.AtItem].Text("agent"))
		assert.Equal(t, "user", mv.Points[0].Series.Labels.Text("mode"))
		assert.Equal(t, "sys", mv.Points[1].Series.Labels.Text("mode"))
	}
	assert.Equal(t, csv.Stats{Series: 2, Values: 2, Start: r.Stats().Start, End: r.Stats().End}, r.Stats())
}
