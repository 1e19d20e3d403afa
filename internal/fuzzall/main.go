// Command fuzzall runs every fuzz target of the module for a given time. It builds each
// package with targets once, with the fuzzer's instrumentation. Several targets run at
// once, each with one worker.
package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"
)

// target is a fuzz target of a package.
type target struct {
	dir, name string
	binary    string // the package's tests, once they are built
}

func main() {
	length := flag.Duration("time", 20*time.Second, "time to run each target")
	jobs := flag.Int("jobs", 2, "number of targets to run at once")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := runAll(ctx, *length, *jobs); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// runAll runs all targets. Those of a package run while the next package is built.
func runAll(ctx context.Context, length time.Duration, jobs int) error {
	targets, err := find(".")
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "fuzzall-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	built := make(chan target, 8)
	var buildErr error
	go func() {
		defer close(built)
		buildErr = build(ctx, work, targets, built)
	}()
	var failed []string
	var mu sync.Mutex
	var wg sync.WaitGroup
	slots := make(chan struct{}, max(jobs, 1))
	for t := range built {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			out, err := run(ctx, t, filepath.Join(work, "cache"), length)
			mu.Lock()
			defer mu.Unlock()
			fmt.Printf("%-18s %s\n", t.dir, lastLine(out, t.name))
			if err != nil {
				fmt.Printf("%s", out)
				failed = append(failed, t.dir+"."+t.name)
			}
		})
	}
	wg.Wait()
	if len(failed) > 0 {
		return errors.Join(buildErr, fmt.Errorf("failed: %s", strings.Join(failed, ", ")))
	}
	return cmp.Or(buildErr, ctx.Err())
}

// build builds the packages of targets, each once, and sends each target when it can run.
func build(ctx context.Context, work string, targets []target, built chan<- target) error {
	binaries := map[string]string{} // by package
	for _, t := range targets {
		if t.binary = binaries[t.dir]; t.binary == "" {
			t.binary = filepath.Join(work, strings.ReplaceAll(filepath.ToSlash(t.dir), "/", "_")+".test")
			// -fuzz instruments; -c builds and does not run.
			cmd := exec.CommandContext(ctx, "go", "test", "-c", "-fuzz=.", "-o", t.binary, "./"+filepath.ToSlash(t.dir))
			cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
			if err := cmd.Run(); err != nil {
				return fmt.Errorf("%s: %w", t.dir, err)
			}
			binaries[t.dir] = t.binary
		}
		built <- t
	}
	return nil
}

func run(ctx context.Context, t target, cache string, length time.Duration) ([]byte, error) {
	cmd := exec.CommandContext(ctx, t.binary, "-test.run=^$", "-test.fuzz=^"+t.name+"$", "-test.fuzztime="+length.String(),
		"-test.fuzzminimizetime=20x", "-test.parallel=1", "-test.fuzzcachedir="+filepath.Join(cache, t.dir, t.name))
	cmd.Dir = t.dir
	out, err := cmd.CombinedOutput()
	if err != nil && ctx.Err() == nil && endedInTime(out) {
		return out, nil
	}
	return out, err
}

// endedInTime reports whether the fuzzer failed for one reason alone: its time ended
// while a worker ran. Go reports that as a failure of the target now and then; a
// target that fails has a failing input or a panic in its output.
func endedInTime(out []byte) bool {
	return bytes.Contains(out, []byte("\n    context deadline exceeded\n")) &&
		!bytes.Contains(out, []byte("Failing input")) && !bytes.Contains(out, []byte("panic"))
}

// lastLine returns the target's name with the fuzzer's last progress report.
func lastLine(out []byte, name string) string {
	last := name
	for line := range bytes.Lines(out) {
		if bytes.Contains(line, []byte("execs:")) {
			last = name + " " + strings.TrimSpace(string(line))
		}
	}
	return last
}

var declaration = regexp.MustCompile(`(?m)^func (Fuzz\w+)\(\w+ \*testing\.F\)`)

// find returns the targets below a folder.
func find(root string) (all []target, err error) {
	names, err := filepath.Glob(filepath.Join(root, "*_test.go"))
	for pattern := "*"; err == nil && len(pattern) < 12; pattern += "/*" {
		var more []string
		more, err = filepath.Glob(filepath.Join(root, pattern, "*_test.go"))
		names = append(names, more...)
	}
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		for _, m := range declaration.FindAllSubmatch(text, -1) {
			all = append(all, target{dir: filepath.Dir(name), name: string(m[1])})
		}
	}
	return all, nil
}
