package registry

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
)

// The file is written anew while records are appended to it. The new file gets the state of
// the Registry, part by part, and then the records that were appended since that began. A
// record that the state has already changes nothing. While the new file takes the place of
// the old one, records go to both, so a kill at any moment loses none. No lock that Sync or
// the numbers need is held while the disk works.

// rewritten is a file that will take the place of the Registry's.
type rewritten struct {
	f     *os.File
	size  int64
	state int64 // size of the part that has the Registry's state
	from  int64 // the records of the old file from here on come next
}

// replacesOpen says that the system can replace a file that is open.
const replacesOpen = runtime.GOOS != "windows"

// smallTail is the number of bytes that Sync may wait for.
const smallTail = 16 << 10

// step tells a test what the rewriting does next. Each step may wait for the disk.
func (j *journal) step(name string) {
	if j.hook != nil {
		j.hook(name)
	}
}

// rewriteSoon begins to write the file anew if it has grown enough. The caller holds the
// journal's lock.
func (r *Registry) rewriteSoon() {
	j := &r.file
	if j.closing || j.size <= minGrowth+2*j.snapshot || !r.rewriting.TryLock() {
		return
	}
	r.background.Go(func() {
		defer r.rewriting.Unlock()
		if err := r.rewrite(); err != nil {
			j.mu.Lock()
			j.snapshot = j.size // the old file is valid; try again when it has grown
			j.mu.Unlock()
			r.log.Warn("the registry cannot be written anew", "file", j.name, "err", err)
		}
	})
}

// compact writes the file anew.
func (r *Registry) compact() error {
	r.rewriting.Lock()
	defer r.rewriting.Unlock()
	return r.rewrite()
}

// rewrite replaces the file by one that has each record once. The caller holds rewriting.
func (r *Registry) rewrite() error {
	j := &r.file
	now := r.now()
	next, err := r.writeState()
	if err == nil {
		err = j.replace(next)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("%s: %w", j.name, err), removeIfThere(j.name+".new"))
	}
	r.mu.Lock()
	r.written = now
	r.mu.Unlock()
	return nil
}

// writeState writes the state of the Registry to a new file.
func (r *Registry) writeState() (*rewritten, error) {
	j := &r.file
	j.mu.Lock()
	next := &rewritten{from: j.size} // what the old file has so far is in the state
	j.mu.Unlock()
	j.step("create")
	f, err := os.OpenFile(j.name+".new", os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return nil, err
	}
	next.f = f
	j.step("write")
	out := bufio.NewWriterSize(f, 64<<10)
	next.state = int64(len(magic))
	_, err = out.WriteString(magic)
	var framed []byte
	r.records(func(record []byte) {
		framed = appendRecord(framed[:0], record)
		next.state += int64(len(framed))
		if err == nil {
			_, err = out.Write(framed)
		}
	})
	if err == nil {
		err = out.Flush()
	}
	next.size = next.state
	if err == nil {
		err = j.catchUp(next)
	}
	if err == nil {
		// Also without waiting for the disk elsewhere: after a power failure, only the end
		// of the file may be missing.
		j.step("sync")
		err = f.Sync()
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return next, nil
}

// catchUp appends the records that the old file got meanwhile, until few are left.
func (j *journal) catchUp(next *rewritten) error {
	for {
		j.mu.Lock()
		old, size := j.f, j.size
		j.mu.Unlock()
		if old == nil || size-next.from <= smallTail {
			return nil
		}
		if err := next.copyFrom(old, size); err != nil {
			return err
		}
	}
}

// copyFrom appends the records of the old file up to its size. Only rewrite replaces the
// old file, so it stays open.
func (n *rewritten) copyFrom(old *os.File, size int64) error {
	if old == nil || size == n.from {
		return nil
	}
	count, err := io.Copy(io.NewOffsetWriter(n.f, n.size), io.NewSectionReader(old, n.from, size-n.from))
	n.size += count
	n.from += count
	if err == nil && n.from < size {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// replace puts the new file in the place of the old one.
func (j *journal) replace(next *rewritten) error {
	j.mu.Lock()
	unused := j.f
	err := next.copyFrom(j.f, j.size)
	if err == nil && !replacesOpen {
		defer j.mu.Unlock()
		return j.replaceClosed(next)
	}
	if err == nil {
		j.next = next
	}
	j.mu.Unlock()
	renamed := false
	if err == nil {
		renamed, err = j.rename(next)
	}
	j.mu.Lock()
	if j.next = nil; renamed {
		j.use(next)
	} else {
		unused = next.f
	}
	j.mu.Unlock()
	if unused != nil {
		_ = unused.Close() // no record is in this file only
	}
	return err
}

// rename gives the new file the name of the old one. It reports whether it did.
func (j *journal) rename(next *rewritten) (done bool, err error) {
	j.step("rename")
	if err := j.flush(next.f); err != nil {
		return false, err
	}
	if err := os.Rename(j.name+".new", j.name); err != nil {
		return false, err
	}
	j.step("renamed")
	return true, j.syncDir()
}

// use makes the new file the one that records are appended to.
func (j *journal) use(next *rewritten) { j.f, j.size, j.snapshot = next.f, next.size, next.state }

// replaceClosed is replace for systems that cannot replace an open file. Sync waits for it.
func (j *journal) replaceClosed(next *rewritten) error {
	err := errors.Join(j.flush(next.f), next.f.Close())
	if err != nil {
		return err
	}
	if j.f != nil {
		_ = j.f.Close() // its records are written
	}
	renamed := os.Rename(j.name+".new", j.name)
	if j.f, err = os.OpenFile(j.name, os.O_RDWR, 0); renamed != nil || err != nil {
		return errors.Join(renamed, err)
	}
	next.f = j.f
	j.use(next)
	return j.syncDir()
}
