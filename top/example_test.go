package top_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
	"github.com/pcparchive/pcparchive/top"
)

// processes writes an archive with the CPU time of two processes.
func processes(base string, start time.Time) error {
	b, err := archive.NewBuilder(base, "web1", nil)
	if err != nil {
		return err
	}
	millisec := pcp.Units{DimTime: 1, ScaleTime: pcp.TimeMillisec}
	user := b.Metric("proc.psinfo.utime", pcp.TypeU64, pcp.SemCounter, millisec, "000012 nginx", "000034 backup")
	system := b.Metric("proc.psinfo.stime", pcp.TypeU64, pcp.SemCounter, millisec, "000012 nginx", "000034 backup")
	for minute := range 3 {
		user.Set(minute*2_000, minute*40_000)
		system.Set(minute*1_000, minute*5_000)
		if err := b.Record(start.Add(time.Duration(minute) * time.Minute)); err != nil {
			return err
		}
	}
	return b.Close()
}

// Which process used the CPUs at 12:01?
func ExampleAt() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	base := filepath.Join(dir, "web1")
	if err := processes(base, start); err != nil {
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
	report, err := top.At(context.Background(), set, top.Options{At: pcp.TimestampOf(start.Add(time.Minute)), Tables: []string{"process"}})
	if err != nil {
		log.Fatal(err)
	}
	rows := &report.Tables[0]
	rows.SortBy("cpu")
	for i := range rows.Rows {
		pid, command := rows.Rows[i].Process()
		fmt.Printf("%s %s %.0f %% of a CPU\n", pid, command, rows.Rows[i].Values[0])
	}
	// Output:
	// 34 backup 75 % of a CPU
	// 12 nginx 5 % of a CPU
}
