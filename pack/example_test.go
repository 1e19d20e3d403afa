package pack_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/pack"
)

// The volume of a closed archive is compressed in place. The metadata is so short that it
// stays as it is.
func ExampleCompress() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	values := make([]any, 1000)
	for i := range values {
		values[i] = i
	}
	base := filepath.Join(dir, "db1")
	if err := archtest.Reads(base, time.Unix(1_700_000_000, 0), time.Second, values...); err != nil {
		log.Fatal(err)
	}
	done, err := pack.Compress(context.Background(), base, pack.Options{How: archive.CompressXZ})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(done.Files, "file, ten times smaller:", done.Before > 10*done.After)
	names, err := filepath.Glob(base + ".*")
	if err != nil {
		log.Fatal(err)
	}
	for _, name := range names {
		fmt.Println(filepath.Base(name))
	}
	// Output:
	// 1 file, ten times smaller: true
	// db1.0.xz
	// db1.index
	// db1.meta
}
