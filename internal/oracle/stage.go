package oracle

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"
)

// procAgent is the reference's agent for processes, which pmlogger loads itself.
const procAgent = "/var/lib/pcp/pmdas/proc/pmda_proc.so"

// Stage starts a program under a name of its own, and returns a function that ends it. The
// program ends with the test at the latest. The reference's agent names a process after its
// arguments, and so by the path of a link with that name.
func Stage(t testing.TB, name, program string, args ...string) (end func()) {
	t.Helper()
	return start(t, exec.Command(link(t, name, program), args...))
}

// link returns the path of a link to a program.
func link(t testing.TB, name, program string) string {
	t.Helper()
	real, err := exec.LookPath(program)
	if err != nil {
		t.Skipf("%s is absent", program)
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.Symlink(real, path); err != nil {
		t.Fatal(err)
	}
	return path
}

// start starts a command and returns a function that ends it.
func start(t testing.TB, cmd *exec.Cmd) (end func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // it is killed
		close(ended)
	}()
	go func() {
		<-ctx.Done()
		_ = cmd.Process.Kill()
	}()
	end = func() {
		cancel()
		<-ended
	}
	t.Cleanup(end)
	return end
}

// StageBurner starts a process that burns a CPU. Where the system allows it, and has other
// CPUs, the process goes before all others, so that a busy machine shows it.
func StageBurner(t testing.TB, name string) (end func()) {
	t.Helper()
	args := []string{link(t, name, "sh"), "-c", "while :; do :; done"}
	if runtime.NumCPU() > 1 && exec.Command("chrt", "-r", "1", "true").Run() == nil {
		args = append([]string{"chrt", "-r", "1"}, args...)
	}
	return start(t, exec.Command(args[0], args[1:]...))
}

// StageHog starts a process that holds some bytes of memory, and waits until it holds them.
func StageHog(t testing.TB, name string, bytes int) (end func()) {
	t.Helper()
	held := filepath.Join(t.TempDir(), "held")
	end = Stage(t, name, "sh", "-c", "x=$(head -c "+strconv.Itoa(bytes)+` /dev/zero | tr '\0' x); : >"$0"; while :; do sleep 1; done`, held)
	for range 600 {
		if _, err := os.Stat(held); err == nil {
			return end
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("%s does not hold its memory after a minute", name)
	return nil
}

// StageWriters starts processes that write to a disk, at most 6 GB together. flag is one of dd,
// such as direct.
func StageWriters(t testing.TB, name string, n int, flag string) (end func()) {
	t.Helper()
	dir := t.TempDir()
	var all []func()
	for i := range n {
		out := filepath.Join(dir, "out"+strconv.Itoa(i))
		all = append(all, Stage(t, name, "dd", "if=/dev/zero", "of="+out, "bs=1M", "count="+strconv.Itoa(6000/n), "oflag="+flag, "conv=notrunc"))
	}
	return func() {
		for _, end := range all {
			end()
		}
	}
}

// memoryGroups are the folders of control groups of memory, in both versions, with the file
// for the limit.
var memoryGroups = []struct{ folder, limit string }{
	{"/sys/fs/cgroup/memory", "memory.limit_in_bytes"}, {"/sys/fs/cgroup", "memory.max"},
}

// StageShortage starts processes that need more memory than their control group has, so that
// the kernel kills them again and again. It skips the test where control groups cannot be
// made.
func StageShortage(t testing.TB, name string) (end func()) {
	t.Helper()
	group := memoryGroup(t, 64<<20)
	shell := `echo $$ >` + filepath.Join(group, "cgroup.procs") + `; while :; do head -c 300000000 /dev/zero | ` + link(t, name, "tail") + ` >/dev/null; done`
	return start(t, exec.Command("sh", "-c", shell))
}

// memoryGroup makes a control group with a limit of memory.
func memoryGroup(t testing.TB, bytes int) string {
	t.Helper()
	for _, g := range memoryGroups {
		group, err := os.MkdirTemp(g.folder, "pcparchive-test-")
		if err != nil {
			continue
		}
		t.Cleanup(func() { removeGroup(group) })
		if os.WriteFile(filepath.Join(group, g.limit), []byte(strconv.Itoa(bytes)), 0o644) == nil {
			return group
		}
	}
	t.Skip("the system does not let the test make a control group for memory")
	return ""
}

// removeGroup removes a control group once its processes have ended.
func removeGroup(group string) {
	for range 100 {
		if os.Remove(group) == nil {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// Record lets PCP's logger record this host without a daemon for a while, and returns the
// archive. config is the logger's configuration.
func Record(t testing.TB, config string, length time.Duration) (base string) {
	t.Helper()
	base, wait := Recording(t, config, length)
	wait()
	return base
}

// Recording is Record without the wait: the caller calls wait for the end.
func Recording(t testing.TB, config string, length time.Duration) (base string, wait func()) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "config")
	if err := os.WriteFile(path, []byte(config), 0o666); err != nil {
		t.Fatal(err)
	}
	base = filepath.Join(dir, "rec")
	cmd := Command(t, "pmlogger", "-o", "-K", "add,3,"+procAgent+",proc_init", "-c", path,
		"-T", strconv.Itoa(int(length.Milliseconds()))+"msec", "-l", filepath.Join(dir, "log"), base)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return base, func() {
		t.Helper()
		if err := cmd.Wait(); err != nil {
			log, _ := os.ReadFile(filepath.Join(dir, "log")) // it only explains the error
			t.Fatalf("pmlogger: %v\n%s", err, log)
		}
	}
}
