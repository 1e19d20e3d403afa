package redact_test

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/redact"
)

// A copy whose label no longer names the host. Another archive of the host gets the same
// pseudonym if it is redacted with the same key.
func ExampleRun() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	rec, public := filepath.Join(dir, "rec"), filepath.Join(dir, "public")
	if err := archtest.Reads(rec, time.Unix(1_700_000_000, 0), time.Minute, 100, 400); err != nil {
		log.Fatal(err)
	}
	key := bytes.Repeat([]byte("k"), redact.KeySize) // keep a random one secret
	report, err := redact.Run(context.Background(), []redact.Input{{Base: rec}}, public, redact.Options{Key: key})
	if err != nil {
		log.Fatal(err)
	}
	for _, k := range report.Kinds {
		fmt.Println(k.Kind, k.Distinct, k.Replaced)
	}
	r, err := archive.Open(public, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(r.Header().Host)
	// Output:
	// host 1 3
	// host-zqz5thzqfg
}
