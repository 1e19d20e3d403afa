package promjson

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/internal/sinktest"
)

type counting struct{ n int }

func (c *counting) Sample(*prom.Series, int64, float64) error { c.n++; return nil }

func BenchmarkReader(b *testing.B) {
	var text strings.Builder
	text.WriteString(`{"status":"success","data":{"resultType":"matrix","result":[`)
	for s := range 200 {
		if s > 0 {
			text.WriteByte(',')
		}
		fmt.Fprintf(&text, `{"metric":{"__name__":"node_cpu_seconds_total","cpu":"%d","instance":"web:9100","job":"node"},"values":[`, s)
		for i := range 1000 {
			if i > 0 {
				text.WriteByte(',')
			}
			fmt.Fprintf(&text, `[%d.25,"%d.%02d"]`, 1_767_225_600+15*i, i*s, i%100)
		}
		text.WriteString("]}")
	}
	text.WriteString("]}}\n")
	b.SetBytes(int64(text.Len()))
	for b.Loop() {
		var c counting
		if err := NewReader(inputs(text.String()), ReadOptions{}).Samples(context.Background(), sinktest.Sink(&c)); err != nil || c.n != 200_000 {
			b.Fatal(c.n, err)
		}
	}
}
