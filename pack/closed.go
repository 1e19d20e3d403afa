package pack

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/pcparchive/pcparchive/archive"
)

// BusyError reports that an archive may still be written.
type BusyError struct {
	Base string
	Why  string
}

// Error gives the archive and the reason.
func (e *BusyError) Error() string { return fmt.Sprintf("%s stays as it is: %s", e.Base, e.Why) }

// unknownAge is the least age of an archive where the system does not tell which files
// processes have open.
const unknownAge = time.Hour

// proc is the folder in which Linux describes processes.
const proc = "/proc"

// closed returns a [*BusyError] if an archive may still be written.
func closed(base string, all []archive.Member, o *Options) error {
	least := o.OlderThan
	processes, err := os.ReadDir(proc)
	if _, self := os.Stat(filepath.Join(proc, "self", "fd")); err != nil || self != nil {
		processes, least = nil, max(least, unknownAge)
	}
	if o.anyAge {
		least = 0
	}
	var files []os.FileInfo
	for _, m := range all {
		info, err := os.Stat(m.Path)
		if err != nil {
			return err
		}
		files = append(files, info)
		if age := o.now().Sub(info.ModTime()); least > 0 && age < least {
			return &BusyError{base, fmt.Sprintf("it was changed %s ago", max(age, 0).Round(time.Second))}
		}
	}
	writer := writerOf(all)
	for _, p := range processes {
		pid, err := strconv.Atoi(p.Name())
		if err != nil || pid == os.Getpid() || !isLogger(p.Name()) {
			continue
		}
		open, known := hasOpen(p.Name(), files)
		if open || !known && pid == writer {
			return &BusyError{base, fmt.Sprintf("pmlogger (process %d) is writing it", pid)}
		}
	}
	return nil
}

// writerOf returns the process that an archive's label names, 0 if unknown.
func writerOf(all []archive.Member) int {
	if len(all) == 0 {
		return 0
	}
	r, err := archive.OpenLabel(all[0].Path, nil)
	if err != nil {
		return 0
	}
	return int(r.Header().PID)
}

// isLogger reports whether a process is a pmlogger.
func isLogger(pid string) bool {
	name, err := os.ReadFile(filepath.Join(proc, pid, "comm"))
	return err == nil && strings.TrimSpace(string(name)) == "pmlogger"
}

// hasOpen reports whether a process has one of the files open. known is false if it does
// not show its files to this user.
func hasOpen(pid string, files []os.FileInfo) (open, known bool) {
	dir := filepath.Join(proc, pid, "fd")
	entries, err := os.ReadDir(dir)
	if err != nil {
		return false, false
	}
	for _, e := range entries {
		info, err := os.Stat(filepath.Join(dir, e.Name()))
		if err != nil {
			continue
		}
		for _, f := range files {
			if os.SameFile(info, f) {
				return true, true
			}
		}
	}
	return false, true
}

// Closed returns a [*BusyError] if a pmlogger of this machine is writing an archive, given
// by its base path and all its files.
func Closed(base string, all []archive.Member) error {
	return closed(base, all, &Options{anyAge: true})
}
