package verify_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/verify"
	"github.com/pcparchive/pcparchive/convert/tsdb/write"
)

// writeBlock writes a block with one series.
func writeBlock(dir string) error {
	blocks, err := write.NewBlocks(dir, write.Options{})
	if err != nil {
		return err
	}
	defer blocks.Close()
	load := &prom.Series{Name: "load", Family: &prom.Family{Name: "load", Type: prom.TypeGauge}}
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).UnixMilli()
	if err := blocks.Append(load, []prom.Sample{{T: noon, V: 1}, {T: noon + 15_000, V: 2}}); err != nil {
		return err
	}
	return blocks.Flush(context.Background())
}

// A block that Prometheus reads lacks the labels that Thanos wants.
func ExampleRun() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := writeBlock(dir); err != nil {
		log.Fatal(err)
	}
	dirs, err := verify.Find([]string{dir})
	if err != nil {
		log.Fatal(err)
	}
	for _, target := range []verify.Target{verify.Prometheus, verify.Thanos} {
		findings := 0
		for f := range verify.Run(context.Background(), dirs, verify.Options{Target: target}) {
			fmt.Println(target, filepath.Base(f.File), f.Severity, f.Code)
			findings++
		}
		fmt.Println(target, findings, "findings")
	}
	// Output:
	// prometheus 0 findings
	// thanos meta.json error block-external
	// thanos 1 findings
}
