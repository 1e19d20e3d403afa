package ruleeval_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/query"
	"github.com/pcparchive/pcparchive/ruleeval"
	"github.com/pcparchive/pcparchive/store"
)

// When would an alert have fired?
func ExampleRules_Evaluate() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	base := filepath.Join(dir, "db1")
	if err := archtest.Reads(base, time.Unix(1_700_000_000, 0), time.Minute, 0, 60, 120, 6000, 12000, 18000, 18060, 18120); err != nil {
		log.Fatal(err)
	}
	hosts, err := store.Open([]string{base}, nil)
	if err != nil {
		log.Fatal(err)
	}
	file := filepath.Join(dir, "disk.rules.yml")
	const text = `groups:
- name: disk
  rules:
  - {alert: BusyDisk, expr: 'rate(disk_all_read[2m]) > 50', for: 1m}
`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		log.Fatal(err)
	}
	rules, err := ruleeval.Load(file)
	if err != nil {
		log.Fatal(err)
	}
	end, err := hosts.End()
	if err != nil {
		log.Fatal(err)
	}
	engine := query.NewEngine(hosts.Sets(), query.Options{})
	result, err := rules.Evaluate(context.Background(), engine, hosts.Header().Start.Time(), end.Time(), ruleeval.Options{})
	if err != nil {
		log.Fatal(err)
	}
	for _, a := range result.Groups[0].Rules[0].Alerts {
		fmt.Printf("fired at %s, resolved at %s\n", a.FiredAt.UTC().Format(time.TimeOnly), a.ResolvedAt.UTC().Format(time.TimeOnly))
	}
	// Output:
	// fired at 22:18:00, resolved at 22:20:00
}
