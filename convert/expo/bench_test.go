package expo

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/internal/sinktest"
)

// manySeries returns a text page of n series in families of a thousand.
func manySeries(n int) string {
	var b strings.Builder
	for i := range n {
		if i%1000 == 0 {
			fmt.Fprintf(&b, "# HELP family_%d Help of family %d.\n# TYPE family_%d gauge\n", i/1000, i/1000, i/1000)
		}
		fmt.Fprintf(&b, "family_%d{device=\"disk%d\",path=\"/var/lib/%d\"} %d.5\n", i/1000, i%1000, i, i)
	}
	return b.String()
}

// manyHistograms returns a text page of n histograms of ten buckets.
func manyHistograms(n int) string {
	var b strings.Builder
	b.WriteString("# TYPE h histogram\n")
	for i := range n {
		for le := range 10 {
			fmt.Fprintf(&b, "h_bucket{handler=\"/api/%d\",le=\"%d\"} %d\n", i, le, i*le)
		}
		fmt.Fprintf(&b, "h_sum{handler=\"/api/%d\"} %d.5\nh_count{handler=\"/api/%d\"} %d\n", i, i, i, i)
	}
	return b.String()
}

func BenchmarkWrite(b *testing.B) {
	for _, c := range []struct{ name, page string }{
		{"gauges", manySeries(10_000)}, {"histograms", manyHistograms(1000)},
	} {
		families := group(parse(b, c.page, ""))
		for _, format := range []Format{Text, OpenMetrics} {
			b.Run(c.name+"/"+format.String(), func(b *testing.B) {
				b.SetBytes(int64(len(pageOf(b, families, Options{Format: format}))))
				b.ReportAllocs()
				for b.Loop() {
					if err := Write(io.Discard, families, Options{Format: format}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkPage(b *testing.B) {
	text := manySeries(10_000)
	families := group(parse(b, text, ""))
	for _, format := range []Format{Text, OpenMetrics} {
		b.Run(format.String(), func(b *testing.B) {
			page := []byte(pageOf(b, families, Options{Format: format}))
			b.SetBytes(int64(len(page)))
			b.ReportAllocs()
			for b.Loop() {
				for _, err := range Page(page, format.ContentType(), nil) {
					if err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}

// BenchmarkReader reads dumps of 5,000 series, time after time and series after
// series.
func BenchmarkReader(b *testing.B) {
	const series, times = 5000, 40
	line := func(s, t int) string {
		return fmt.Sprintf("app_requests_total{cluster=\"prod\",instance=\"host%d.example.com:9100\",job=\"node\",path=\"/api/v1/%d\"} %d.5 %d.25\n",
			s%100, s/100, s*t, 1_767_225_600+15*t)
	}
	for _, c := range []struct {
		name string
		at   func(i int) (s, t int)
	}{
		{"byTime", func(i int) (int, int) { return i % series, i / series }},
		{"bySeries", func(i int) (int, int) { return i / times, i % times }},
	} {
		var text strings.Builder
		text.WriteString("# TYPE app_requests counter\n")
		for i := range series * times {
			text.WriteString(line(c.at(i)))
		}
		text.WriteString("# EOF\n")
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(text.Len()))
			for b.Loop() {
				in := Input{Name: "dump", Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text.String())), nil }}
				n := 0
				err := NewReader([]Input{in}, ReadOptions{}).Samples(context.Background(),
					sinktest.Sink(sampleFunc(func(*prom.Series, int64, float64) error { n++; return nil })))
				if err != nil || n != series*times {
					b.Fatal(n, err)
				}
			}
		})
	}
}
