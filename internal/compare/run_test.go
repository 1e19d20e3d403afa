package compare

import (
	"bytes"
	"cmp"
	"errors"
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
}

// measure runs a row's commands in turn and returns the medians. The first run
// of each warms the page cache and does not count.
func (b *bench) measure(r row) (ours, ref figures) {
	if r.prepare != nil {
		r.prepare()
	}
	var a, z []figures
	refRuns := 0
	if r.ref != nil {
		refRuns = min(*runs, cmp.Or(r.refRuns, *runs))
	}
	for i := range *runs + 1 {
		f := b.run(r, append([]string{b.ours}, r.ours...))
		if i > 0 {
			a = append(a, f)
		}
		if r.ref != nil && i <= refRuns {
			f := b.run(r, r.ref)
			if i > 0 {
				z = append(z, f)
			}
		}
	}
	return median(a), median(z)
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
	}
}
