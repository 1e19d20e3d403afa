package csv_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/convert/csv"
	"github.com/pcparchive/pcparchive/history"
)

// FuzzReader reads any table with any mapping. Records must ascend by time, the same series
// must not appear twice in a record, and an archive must take all records.
func FuzzReader(f *testing.F) {
	f.Add("time,v,a.b[x y],note\n2026-01-02T01:00:00Z,1,2,on\n2026-01-02 02:00:00,,,\n1767323045,2,,off\n", "")
	f.Add("time,a,a.b,a.b.c,a b,a_b,a[x],a[x]\n1,1,2,3,4,5,6,7\n1,x,,,,,,8\n0,1\n", "")
	f.Add("\ufeffwhen;v\n1;\"a\nb\"\n", "others: keep")
	f.Add(shopTable, shop)
	f.Add("time,v\n1e3,1\n1000.5,NaN\n99999999999,-Inf\n", "metrics: [{column: v, name: x.y, type: u32}]\nothers: keep\n")
	f.Add("time,host,metric,instance,value,units\n2,h,a.b,x,1,byte\n1,h,a.b,y,2,byte\n1,h,c,,z,\n3,,,,,\n", "")
	f.Add("time,__name__,mode,value,labels\n1,a,u,1,\"x=\"\"y\"\"\"\n1,a,s,2,{}\n", "")
	f.Add("r\nDate;Time;S;V\n2026-01-02;01:00;s;1,5\n", "skip: 1\ndecimal: comma\nlong: {metric: S, value: V}\n")
	f.Fuzz(func(t *testing.T, table, mapping string) {
		var o csv.Options
		if mapping != "" {
			m, err := csv.ParseMapping("m.yml", []byte(mapping))
			if err != nil {
				return
			}
			o.Mapping = m
		}
		file, err := archive.Create(filepath.Join(t.TempDir(), "a"), archive.Header{Host: "h", Zone: "UTC"}, &archive.WriteOptions{NoSync: true})
		require.NoError(t, err)
		sink := convert.NewToArchive(file)
		var last *history.Step
		for step, err := range csv.NewReader("t.csv", strings.NewReader(table), o).Steps(context.Background()) {
			if err != nil {
				break
			}
			if last != nil {
				require.False(t, step.Stamp.Before(last.Stamp))
			}
			seen := map[*history.Series]bool{}
			for _, mv := range step.Metrics {
				for _, p := range mv.Points {
					require.False(t, seen[p.Series])
					seen[p.Series] = true
				}
			}
			require.NoError(t, sink.Put(step))
			last = &history.Step{Stamp: step.Stamp}
		}
		require.NoError(t, sink.Close())
	})
}
