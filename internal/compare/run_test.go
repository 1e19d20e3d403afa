package compare

import (
	"bytes"
	"cmp"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"github.com/stretchr/testify/require"
)

// figures are what a run took, or the medians of several.
type figures struct {
	wall, cpu time.Duration
	peak      int64 // bytes
	size      int64 // bytes that are in the folder for output, if the row asks
}

// measure runs a row's commands in turn and returns the medians. The first run
// of each warms the page cache and does not count.
func (b *bench) measure(r row) (ours, ref figures) {
	if r.prepare != nil {
		r.prepare()
	}
	once, again, stop := b.sides(r)
	defer stop()
	var a, z []figures
	refRuns := 0
	if again != nil {
		refRuns = min(*runs, cmp.Or(r.refRuns, *runs))
	}
	for i := range *runs + 1 {
		f := once()
		if i > 0 {
			a = append(a, f)
		}
		if again != nil && i <= refRuns {
			f := again()
			if i > 0 {
				z = append(z, f)
			}
		}
	}
	return median(a), median(z)
}

// sides returns what measures ours once and the reference once, which is nil without a
// reference. stop ends the servers.
func (b *bench) sides(r row) (ours, ref func() figures, stop func()) {
	if r.asks != nil {
		return b.asking(r)
	}
	program := b.ours
	if r.self {
		program = os.Args[0]
	}
	ours = func() figures {
		f := b.run(r, append([]string{program}, r.ours...))
		for _, next := range r.more {
			f.add(b.run(*next, append([]string{program}, next.ours...)))
		}
		if r.limit.of > 0 {
			f.size = b.sizeOf(r.out)
		}
		return f
	}
	if r.ref != nil {
		ref = func() figures { return b.run(r, r.ref) }
	}
	return ours, ref, func() {}
}

// asking is sides for questions over HTTP.
func (b *bench) asking(r row) (ours, ref func() figures, stop func()) {
	var running []*service
	stop = func() {
		for _, s := range running {
			s.stop()
		}
	}
	if r.asks.blocks != "" {
		s := b.startPrometheus(r.asks.blocks)
		running = append(running, s)
		s.settle()
		ref = func() figures { return s.ask(r.asks) }
	}
	if r.ref != nil {
		ref = func() figures { return b.run(row{}, r.ref) }
	}
	if r.asks.proxy != "" {
		s := &service{b: b, address: r.asks.proxy}
		ref = func() figures { return s.ask(&questions{paths: r.asks.theirs, packed: r.asks.packed}) }
	}
	if r.asks.fresh {
		return func() figures {
			require.NoError(b.t, os.RemoveAll(r.out))
			s := b.startOurs(r.asks.serve)
			f := s.ask(r.asks)
			f.peak = s.stop()
			return f
		}, ref, stop
	}
	s := b.startOurs(r.asks.serve)
	running = append(running, s)
	s.ask(r.asks)
	s.settle()
	return func() figures { return s.ask(r.asks) }, ref, stop
}

// add adds what another command took.
func (f *figures) add(other figures) {
	f.wall, f.cpu, f.peak = f.wall+other.wall, f.cpu+other.cpu, max(f.peak, other.peak)
}

// sizeOf returns the size of all files in a folder.
func (b *bench) sizeOf(dir string) (n int64) {
	require.NoError(b.t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			n += b.size(path)
		}
		return err
	}))
	return n
}

// run runs a command, whose output is read through a pipe and dropped, as a
// user's program would.
func (b *bench) run(r row, args []string) figures {
	if r.out != "" {
		require.NoError(b.t, os.RemoveAll(r.out))
		require.NoError(b.t, os.Mkdir(r.out, 0o755))
	}
	cmd := exec.CommandContext(b.t.Context(), args[0], args[1:]...)
	cmd.Env = append(os.Environ(), "LC_ALL=C", "TZ=UTC")
	var stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &discard{}, &stderr
	began := time.Now()
	err := cmd.Run()
	f := figures{wall: time.Since(began)}
	var status *exec.ExitError
	if !errors.As(err, &status) || status.ExitCode() != 3 { // a checker that found something
		require.NoError(b.t, err, "%s: %s", args, stderr.String())
	}
	f.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	f.peak = peakMemory(cmd.ProcessState)
	return f
}

// floor is the least peak memory that can be told: where a process is started,
// the system counts the memory of the one that starts it.
func (b *bench) floor() int64 {
	path, err := exec.LookPath("true")
	if err != nil {
		return 0
	}
	return b.run(row{}, []string{path}).peak
}

// scratch returns the name of a folder for a row's output.
func (b *bench) scratch() string { return filepath.Join(b.dir, "out") }

// discard reads all that is written to it.
type discard struct{}

// Write drops p.
func (*discard) Write(p []byte) (int, error) { return len(p), nil }

func median(all []figures) figures {
	if len(all) == 0 {
		return figures{}
	}
	pick := func(less func(a, b figures) int) figures {
		s := slices.Clone(all)
		slices.SortFunc(s, less)
		return s[len(s)/2]
	}
	return figures{
		wall: pick(func(a, b figures) int { return cmp.Compare(a.wall, b.wall) }).wall,
		cpu:  pick(func(a, b figures) int { return cmp.Compare(a.cpu, b.cpu) }).cpu,
		peak: pick(func(a, b figures) int { return cmp.Compare(a.peak, b.peak) }).peak,
		size: pick(func(a, b figures) int { return cmp.Compare(a.size, b.size) }).size,
	}
}
