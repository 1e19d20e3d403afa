package expo_test

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/convert/expo"
)

// printer prints samples.
type printer struct{}

func (printer) Sample(s *convert.PromSeries, t int64, v float64) error {
	_, err := fmt.Println(t, s.Name, s.Labels, v)
	return err
}

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
	sorter := convert.NewSorter(printer{}, convert.SorterOptions{})
	if err := expo.NewReader([]expo.Input{in}, expo.ReadOptions{}).Samples(context.Background(), sorter); err != nil {
		fmt.Println(err)
	}
	if err := sorter.Close(); err != nil {
		fmt.Println(err)
	}
	// Output:
	// 1767225600000 jobs_total [{queue a}] 1
	// 1767225600000 jobs_total [{queue b}] 7
	// 1767225615000 jobs_total [{queue a}] 2
	// 1767225615500 jobs_total [{queue b}] 9
}
