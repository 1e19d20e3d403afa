package main

import (
	"errors"
	"fmt"
	"math"
	"runtime/debug"

	"github.com/spf13/pflag"

	"github.com/pcparchive/pcparchive/query"
)

// sampleBytes is the most that a sample takes in memory while a query holds it.
const sampleBytes = 16

// queryLimits are the flags that limit what a query holds in memory.
type queryLimits struct {
	memory byteSize
}

// add adds --query-memory, and --max-samples, which sets samples, to a command.
func (l *queryLimits) add(f *pflag.FlagSet, samples *int) {
	l.memory = query.DefaultMaxSamples * sampleBytes
	f.Var(&l.memory, "query-memory", "maximum size of the samples that a query holds in memory, at 16 bytes each, as in 256MiB")
	f.IntVar(samples, "max-samples", query.DefaultMaxSamples, "maximum number of samples that a query holds in memory; give either this or --query-memory")
}

// besideQueries is the memory that a server uses beside the samples of queries: metadata,
// requests and replies.
const besideQueries = 256 << 20

// boundHeap makes the garbage collector work harder, rather than let the heap grow, when
// more memory is in use than queries may hold at once and a server uses beside them. It
// leaves a limit that GOMEMLIMIT sets as it is. restore undoes it.
func boundHeap(concurrency, samples int) (restore func()) {
	former := debug.SetMemoryLimit(-1)
	if former != math.MaxInt64 {
		return func() {}
	}
	debug.SetMemoryLimit(besideQueries + int64(concurrency)*int64(samples)*sampleBytes)
	return func() { debug.SetMemoryLimit(former) }
}

// complete checks the flags and sets samples to the limit that they give.
func (l *queryLimits) complete(changed func(flag string) bool, samples *int) error {
	if changed("max-samples") && changed("query-memory") {
		return errors.New("--max-samples and --query-memory limit the same samples: give one")
	}
	if *samples < 1 {
		return fmt.Errorf("--max-samples %d: want at least 1", *samples)
	}
	if l.memory < sampleBytes {
		return fmt.Errorf("--query-memory %s: want at least 16 bytes, the size of a sample", &l.memory)
	}
	if changed("query-memory") {
		*samples = int(min(int64(l.memory)/sampleBytes, math.MaxInt32))
	}
	return nil
}
