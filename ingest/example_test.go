package ingest_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/pcparchive/pcparchive/convert/expo"
	"github.com/pcparchive/pcparchive/ingest"
)

// A dump of two hosts becomes an archive of each.
func ExampleImporter_Samples() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	const dump = `# TYPE requests counter
requests_total{instance="web1:9100"} 10 1767225600
requests_total{instance="web1:9100"} 25 1767225615
requests_total{instance="web2:9100"} 7 1767225600
# EOF
`
	in := expo.Input{Name: "dump.om", Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(dump)), nil }}
	im, err := ingest.New(ingest.Options{Out: filepath.Join(dir, "hosts"), SplitBy: "instance"})
	if err != nil {
		log.Fatal(err)
	}
	result, err := im.Samples(context.Background(), ingest.Source{SampleSource: expo.NewReader([]expo.Input{in}, expo.ReadOptions{})})
	if err != nil {
		log.Fatal(err)
	}
	for _, a := range result.Archives {
		fmt.Println(filepath.Base(a.Path), a.Host, a.Series, "series,", a.Samples, "samples")
	}
	// Output:
	// web1 web1 1 series, 2 samples
	// web2 web2 1 series, 1 samples
}
