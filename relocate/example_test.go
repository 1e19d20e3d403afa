package relocate_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/relocate"
)

// An archive gets another name, with all its files.
func ExampleMove() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	from, to := filepath.Join(dir, "20260301"), filepath.Join(dir, "outage")
	if err := archtest.Reads(from, time.Unix(1_700_000_000, 0), time.Minute, 100, 400); err != nil {
		log.Fatal(err)
	}
	done, err := relocate.Move(context.Background(), from, to, relocate.Options{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(done.Files, "files, copied to another file system:", done.Copied)
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		log.Fatal(err)
	}
	for _, name := range names {
		fmt.Println(filepath.Base(name))
	}
	// Output:
	// 3 files, copied to another file system: false
	// outage.0
	// outage.index
	// outage.meta
}
