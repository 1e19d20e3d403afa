package promjson_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"strings"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/promjson"
)

// The saved reply to a query becomes samples. Its series have no name, so they get that of
// the file.
func ExampleReader() {
	const reply = `{"status":"success","data":{"resultType":"matrix","result":[
		{"metric":{"job":"node"},"values":[[1767225600,"0.25"],[1767225615,"0.5"]]}]}}`
	in := promjson.Input{
		Name:   "load-per-cpu.json",
		Open:   func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(reply)), nil },
		Metric: promjson.MetricOf("load-per-cpu.json"),
	}
	printed := prom.SinkFunc(func(s *prom.Series, batch []prom.Sample) error {
		for _, x := range batch {
			fmt.Println(x.T, s.Name, s.Labels, x.V)
		}
		return nil
	})
	if err := promjson.NewReader([]promjson.Input{in}, promjson.ReadOptions{}).Samples(context.Background(), printed); err != nil {
		log.Fatal(err)
	}
	// Output:
	// 1767225600000 load_per_cpu [{job node}] 0.25
	// 1767225615000 load_per_cpu [{job node}] 0.5
}
