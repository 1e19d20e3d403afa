package expo_test

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/pcparchive/pcparchive/convert/expo"
	"github.com/pcparchive/pcparchive/convert/prom"
)

// A dump has each series in one piece; a sorter brings the samples into order of
// time.
func ExampleReader() {
	dump := `# TYPE jobs counter
jobs_total{queue="a"} 1 1767225600
jobs_total{queue="a"} 2 1767225615
jobs_total{queue="b"} 7 1767225600
jobs_total{queue="b"} 9 1767225615.5
# EOF
`
	in := expo.Input{Name: "dump.om", Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(dump)), nil }}
	printed := prom.SinkFunc(func(s *prom.Series, batch []prom.Sample) error {
		for _, x := range batch {
			fmt.Println(x.T, s.Name, s.Labels, x.V)
		}
		return nil
	})
	sorter := prom.NewSorter(printed, prom.SorterOptions{})
	defer sorter.Close()
	if err := expo.NewReader([]expo.Input{in}, expo.ReadOptions{}).Samples(context.Background(), sorter); err != nil {
		fmt.Println(err)
	}
	if err := sorter.Flush(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// 1767225600000 jobs_total [{queue a}] 1
	// 1767225600000 jobs_total [{queue b}] 7
	// 1767225615000 jobs_total [{queue a}] 2
	// 1767225615500 jobs_total [{queue b}] 9
}
