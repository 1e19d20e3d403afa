package reduce_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/reduce"
	"github.com/pcparchive/pcparchive/store"
)

// One record every ten minutes in place of one each minute.
func ExampleReduce() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	minutes := make([]any, 61)
	for i := range minutes {
		minutes[i] = 30 * i
	}
	base := filepath.Join(dir, "db1")
	if err := archtest.Reads(base, time.Unix(1_700_000_000, 0), time.Minute, minutes...); err != nil {
		log.Fatal(err)
	}
	hosts, err := store.Open([]string{base}, nil)
	if err != nil {
		log.Fatal(err)
	}
	set, err := hosts.Only()
	if err != nil {
		log.Fatal(err)
	}
	end, err := set.End()
	if err != nil {
		log.Fatal(err)
	}
	report, err := reduce.Reduce(context.Background(), filepath.Join(dir, "thin"), set, end, reduce.Options{Interval: 10 * time.Minute})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(report.Read, "records became", report.Records)
	// Output:
	// 61 records became 7
}
