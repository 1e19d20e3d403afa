package size_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/size"
)

// How many bytes does each kind of record take?
func ExampleMeter() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	base := filepath.Join(dir, "db1")
	if err := archtest.Reads(base, time.Unix(1_700_000_000, 0), time.Minute, 100, 400, 1000); err != nil {
		log.Fatal(err)
	}
	r, err := archive.Open(base, nil)
	if err != nil {
		log.Fatal(err)
	}
	m := size.New(time.UTC)
	if err := m.Add(context.Background(), r); err != nil {
		log.Fatal(err)
	}
	for _, k := range m.Report().Kinds {
		fmt.Printf("%s: %d, %d bytes\n", k.Name, k.Records, k.Length)
	}
	// Output:
	// archive labels: 3, 2424 bytes
	// values: 3, 96 bytes
	// frames of data records: 3, 72 bytes
	// temporal index: 2, 64 bytes
	// descriptors: 1, 53 bytes
}
